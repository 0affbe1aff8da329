-- Notes that authors edited or deleted posts. When there are too many to keep, all are forgotten, and that is noted.
--
-- KEYS[1]  posts:revised (sorted set: authors by when they did so last, '' by when all were forgotten)
-- ARGV     how many to keep, authors …

local time = redis.call('TIME')
local moment = time[1] * 1000 + math.floor(time[2] / 1000)
local function note(member)
  local before = redis.call('ZSCORE', KEYS[1], member)
  redis.call('ZADD', KEYS[1], math.max(moment, before and tonumber(before) + 1 or 0), member)
end
for i = 2, #ARGV do note(ARGV[i]) end
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[1])
  note('')
end
return 1
