-- Notes that some things changed.
--
-- KEYS     state of the log, the log
-- ARGV     a text that nobody has used, names …

note(KEYS[1], KEYS[2], ARGV[1], { unpack(ARGV, 2) })
return 1
