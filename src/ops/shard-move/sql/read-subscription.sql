-- The subscription $1 of this database; sync_slots: what the slots are called that it has made on the other side to copy
-- tables, as a regular expression.
SELECT oid::text AS oid, subenabled AS enabled,
  '^pg_' || oid || '_sync_[0-9]+_' || (SELECT system_identifier FROM pg_control_system()) || '$' AS "syncSlots"
FROM pg_subscription
WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
