-- Whoever changes a gate holds this row, and counts the change. $1: the latest revision that a fence has heard of.
UPDATE gate SET revision = greatest(revision, $1) + 1 RETURNING revision
