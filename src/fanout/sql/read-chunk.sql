SELECT after_id, upto_id FROM fanout_chunks WHERE post_id = $1 AND number = $2
