-- About $1 users, spread evenly over all of them (TABLESAMPLE by rows of whole blocks would clump them).
SELECT id FROM users TABLESAMPLE BERNOULLI (least(100, greatest(0.0001, 110.0 * $1 / greatest($2::float8, 1))))
WHERE deleted_at IS NULL
LIMIT $1
