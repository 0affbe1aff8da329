-- The shards that were added to those of the setting, by number.
SELECT number, url, direct_url AS "directUrl" FROM added_shards ORDER BY number
