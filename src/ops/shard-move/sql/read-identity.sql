-- Which database this is, wherever it is reached: the cluster's number, and the database's in it.
SELECT (SELECT system_identifier::text FROM pg_control_system()) || ':' || oid AS identity
FROM pg_database WHERE datname = current_database()
