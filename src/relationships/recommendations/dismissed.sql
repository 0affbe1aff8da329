SELECT subject_id AS id FROM recommendation_dismissals WHERE owner_id = $1
