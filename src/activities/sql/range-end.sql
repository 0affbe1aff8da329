-- Where a range ends that begins behind the recipient $1 and holds about $2 rows; null when nothing is left.
SELECT max(recipient_id) AS "end" FROM (
  SELECT recipient_id FROM activities WHERE recipient_id > $1 ORDER BY recipient_id LIMIT $2) AS part
