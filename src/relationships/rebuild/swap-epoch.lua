-- Makes the epoch that was being built, and takes changes directly by now, the one that is read.
--
-- KEYS[1]  graph:epoch
-- ARGV[1]  the epoch
-- Result   the epoch that was read before ('' when there was none), or false when this one is not (yet, or any more) ready

local state = redis.call('HMGET', KEYS[1], 'current', 'building', 'filling')
if state[2] ~= ARGV[1] or state[3] then return false end
redis.call('HSET', KEYS[1], 'current', ARGV[1])
redis.call('HDEL', KEYS[1], 'building')
return state[1] or ''
