DELETE FROM recommendation_dismissals WHERE owner_id = $1
