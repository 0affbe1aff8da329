-- Opens the receipt of a post, or finds the one there is. One whose chunks were cut by the release before this is planned.
INSERT INTO fanouts (post_id, author_id, outbox_id) VALUES ($1, $2, $3)
ON CONFLICT (post_id) DO UPDATE SET
  outbox_id = excluded.outbox_id,
  planned = fanouts.planned OR (fanouts.cut = 0 AND fanouts.chunks > 0),
  cut = CASE WHEN fanouts.cut = 0 THEN fanouts.chunks ELSE fanouts.cut END,
  struck = CASE WHEN fanouts.cut = 0 THEN fanouts.chunks_done ELSE fanouts.struck END,
  handed = CASE WHEN fanouts.cut = 0 THEN fanouts.chunks ELSE fanouts.handed END
RETURNING state, planned, cut
