-- Rows that the chunks which are left are to write; of the first 100,000 chunks.
SELECT coalesce(sum(expected), 0) AS rows FROM (SELECT expected FROM fanout_chunks LIMIT 100000) AS bounded
