-- The slots of this database that are called $1 or match $2.
SELECT slot_name::text AS name, active_pid AS pid FROM pg_replication_slots
WHERE database = current_database() AND (slot_name = $1 OR slot_name ~ $2)
