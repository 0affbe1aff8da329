-- Up to $2 reposts without words of posts that are gone.
SELECT id FROM posts WHERE repost_of = ANY ($1::bigint[]) AND body = '' LIMIT $2
