SELECT user_id AS id, since_id AS "sinceId" FROM sleepers WHERE user_id = ANY ($1::bigint[])
