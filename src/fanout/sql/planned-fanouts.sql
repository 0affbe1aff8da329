SELECT post_id FROM fanouts WHERE post_id = ANY ($1::bigint[]) AND chunks > 0
