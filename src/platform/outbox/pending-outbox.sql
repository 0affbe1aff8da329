SELECT payload FROM outbox WHERE topic = $1 ORDER BY id DESC LIMIT $2
