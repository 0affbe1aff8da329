UPDATE index_builds SET gates = $3 WHERE id = $1 AND runner = $2
