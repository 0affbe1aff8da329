-- Those whom $1 follows and who follow $2.
SELECT theirs.owner_id AS id
FROM relationships AS mine JOIN relationships AS theirs ON theirs.owner_id = mine.subject_id AND theirs.subject_id = $2
WHERE mine.owner_id = $1 AND mine.kind IN (1, 2) AND theirs.kind IN (1, 2)
