UPDATE most_followed SET user_ids = $1::bigint[], refreshed_at = now()
