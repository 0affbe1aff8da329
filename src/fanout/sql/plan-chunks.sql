INSERT INTO fanout_chunks (post_id, number, after_id, upto_id, expected)
SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::int[])
