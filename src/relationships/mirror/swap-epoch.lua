-- Makes the epoch that was being built the one that is read.
--
-- KEYS[1]  graph:epoch
-- ARGV[1]  the epoch
-- Result   the epoch that was read before ('' when there was none), or false when another one is being built by now

if redis.call('HGET', KEYS[1], 'building') ~= ARGV[1] then return false end
local before = redis.call('HGET', KEYS[1], 'current') or ''
redis.call('HSET', KEYS[1], 'current', ARGV[1])
redis.call('HDEL', KEYS[1], 'building')
return before
