-- Reserves room for jobs in a queue that is not to hold more than so many, counting what others have reserved and not
-- added yet. A reservation that nobody gives back ends by itself.
--
-- KEYS[1…5]  the queue's waiting, paused, active (lists), prioritized and delayed (sorted sets) jobs
-- KEYS[6]    its reservations: a sorted set of `name:number` by the millisecond at which each ends
-- ARGV       depth, jobs wanted, name of this reservation, its life in milliseconds
-- Result     for how many jobs there is room, up to those wanted

local depth, wanted, name, life = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', now)

local taken = redis.call('ZCARD', KEYS[4]) + redis.call('ZCARD', KEYS[5])
for list = 1, 3 do taken = taken + redis.call('LLEN', KEYS[list]) end
for _, reservation in ipairs(redis.call('ZRANGE', KEYS[6], 0, -1)) do
  taken = taken + tonumber(string.match(reservation, ':(%d+)$'))
end

local granted = math.max(0, math.min(wanted, depth - taken))
if granted > 0 then
  redis.call('ZADD', KEYS[6], now + life, name .. ':' .. granted)
  redis.call('PEXPIRE', KEYS[6], life)
end
return granted
