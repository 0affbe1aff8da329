-- How many follow some users, and how many they follow.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, users joined by blanks
-- Result   false when there is no mirror to read. Otherwise for each user followers, friends and noise, the first of them -1
--          for who is not in the mirror

local call = redis.call
local epoch = call('HGET', KEYS[1], 'current')
if not epoch then return false end
local result = {}
for user in string.gmatch(ARGV[2], '%S+') do
  local counts = call('HMGET', ARGV[1] .. epoch .. ':{' .. user .. '}:counts', 'version', 'followers', 'friends', 'noise')
  for field = 2, 4 do result[#result + 1] = tonumber(counts[field] or 0) end
  if not counts[1] then result[#result - 2] = -1 end
end
return result
