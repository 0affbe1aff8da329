UPDATE index_builds SET abort_requested = true WHERE id = $1
