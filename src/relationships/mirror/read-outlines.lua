-- What the graph knows of some users whoever looks.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, how many followed ones are listed at most, users joined by blanks
-- Result   false when there is no mirror to read. Otherwise for each user followers, friends and noise, the first of them -1
--          for who is not in the mirror; then whom the user follows, in either way, joined by blanks, or false when they
--          are too many

local call = redis.call
local root, most = ARGV[1], tonumber(ARGV[2])
local epoch = call('HGET', KEYS[1], 'current')
if not epoch then return false end
local result = {}
for user in string.gmatch(ARGV[3], '%S+') do
  local base = root .. epoch .. ':{' .. user .. '}:'
  local counts = call('HMGET', base .. 'counts', 'version', 'followers', 'friends', 'noise')
  for field = 2, 4 do counts[field] = tonumber(counts[field] or 0) end
  local is_listed = counts[3] + counts[4] <= most
  result[#result + 1] = counts[1] and counts[2] or -1
  result[#result + 1] = counts[3]
  result[#result + 1] = counts[4]
  result[#result + 1] = is_listed and table.concat(call('SMEMBERS', base .. 'following'), ' ')
end
return result
