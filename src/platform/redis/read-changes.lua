-- What changed since somebody looked last.
--
-- KEYS[1]  state of the log (hash: era, and how many changes were noted in it)
-- KEYS[2]  the log (list of names, the latest last)
-- ARGV     a text that nobody has used, era as of the last look, changes noted by then
-- Result   the era; how many changes were noted by now; 0 when what changed since cannot be told, and otherwise 1; what changed

local now = redis.call('HMGET', KEYS[1], 'era', 'noted')
if not now[1] then
  redis.call('HSET', KEYS[1], 'era', ARGV[1], 'noted', 0)
  redis.call('DEL', KEYS[2])
  return { ARGV[1], '0', 0 }
end
local since = tonumber(now[2]) - tonumber(ARGV[3])
if now[1] ~= ARGV[2] or since < 0 then return { now[1], now[2], 0 } end
if since == 0 then return { now[1], now[2], 1 } end
if since > redis.call('LLEN', KEYS[2]) then return { now[1], now[2], 0 } end
return { now[1], now[2], 1, unpack(redis.call('LRANGE', KEYS[2], -since, -1)) }
