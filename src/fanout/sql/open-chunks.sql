SELECT number FROM fanout_chunks WHERE post_id = $1 ORDER BY number
