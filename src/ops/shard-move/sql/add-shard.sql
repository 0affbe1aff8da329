-- Puts a shard on the map behind the last one: $1 are those that the setting names. Every process follows within a second.
INSERT INTO added_shards (number, url, direct_url, added_by)
SELECT greatest($1::int, (SELECT coalesce(max(number), 0) + 1 FROM added_shards)), $2, $3, $4
RETURNING number
