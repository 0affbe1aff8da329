-- What the trigger before the activities does, for writers of a table that can have no trigger.
SELECT check_fence()
