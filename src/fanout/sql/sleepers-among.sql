SELECT user_id FROM sleepers WHERE user_id = ANY ($1::bigint[])
