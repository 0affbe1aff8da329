-- Merges $4 into what is known of the shard $3.
UPDATE index_builds SET shards = jsonb_set(shards, ARRAY[$3::text], coalesce(shards -> $3::text, '{}') || $4::jsonb)
WHERE id = $1 AND runner = $2
