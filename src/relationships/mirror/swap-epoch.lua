-- Makes the epoch that was being built, and takes changes directly by now, the one that is read.
--
-- KEYS[1]  graph:epoch
-- KEYS[2]  graph:leaving, where the epoch that was read before is noted, to be removed
-- KEYS     behind these, those of the log of changes, where it is noted that any count may be another one
-- ARGV     the epoch, a text that nobody has used
-- Result   1, or 0 when it is not (yet, or any more) ready

local state = redis.call('HMGET', KEYS[1], 'current', 'building', 'filling')
if state[2] ~= ARGV[1] or state[3] then return 0 end
redis.call('HSET', KEYS[1], 'current', ARGV[1])
redis.call('HDEL', KEYS[1], 'building')
note_anything(KEYS[3], KEYS[4], ARGV[2])
if state[1] then redis.call('SADD', KEYS[2], state[1]) end
return 1
