-- Leaves the id behind and frees the names; whoever is making the user the subject of something was waited for.
UPDATE users SET deleted_at = now(), username = '~' || id, email = NULL, password_hash = NULL, name = '', bio = '',
  avatar_url = NULL, role = 'user'
WHERE id = $1 AND deleted_at IS NULL
RETURNING id
