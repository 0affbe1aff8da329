-- How far the index is that the session $1 is building here.
SELECT phase, blocks_done::float8 AS "blocksDone", blocks_total::float8 AS "blocksTotal",
  tuples_done::float8 AS "tuplesDone", tuples_total::float8 AS "tuplesTotal",
  partitions_done::float8 AS "partitionsDone", partitions_total::float8 AS "partitionsTotal"
FROM pg_stat_progress_create_index WHERE pid = $1 AND datname = current_database()
