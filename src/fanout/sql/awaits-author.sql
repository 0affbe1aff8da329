-- Whether one of some posts ($1) may still be written for a reader ($2) as they stood to its author before: its audience is
-- not all cut into chunks, or they are in one that is left.
SELECT EXISTS (
  SELECT FROM unnest($1::bigint[]) AS post (id) LEFT JOIN fanouts ON fanouts.post_id = post.id
  WHERE fanouts.post_id IS NULL OR NOT fanouts.planned AND fanouts.state = 'running' OR EXISTS (
    SELECT FROM fanout_chunks AS chunk
    WHERE chunk.post_id = post.id AND chunk.after_id < $2 AND chunk.upto_id >= $2
      AND (chunk.members IS NULL OR $2 = ANY (chunk.members))
  )
) AS awaited
