-- How some users stand to others, as far as it is the users' own doing or a block.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, how many others are listed at most, users joined by blanks
-- Result   false when there is no mirror to read. Otherwise for each user: false for who is not in the mirror, 0 when the
--          others are too many, or else five texts of ids joined by blanks: whom the user follows in either way, those among
--          them whom the user follows as noise, whom the user blocks, whom the user mutes, and who blocks the user

local call = redis.call
local root, most = ARGV[1], tonumber(ARGV[2])
local epoch = call('HGET', KEYS[1], 'current')
if not epoch then return false end
local names = { 'following', 'noise', 'blocks', 'mutes', 'blockers' }

local function read(user)
  local base = root .. epoch .. ':{' .. user .. '}:'
  local counts = call('HMGET', base .. 'counts', 'version', 'friends', 'noise')
  if not counts[1] then return false end
  local size = tonumber(counts[2] or 0) + tonumber(counts[3] or 0)
  for place = 3, 5 do size = size + call('SCARD', base .. names[place]) end
  if size > most then return 0 end
  local lists = {}
  for place, name in ipairs(names) do lists[place] = table.concat(call('SMEMBERS', base .. name), ' ') end
  return lists
end

local result = {}
for user in string.gmatch(ARGV[3], '%d+') do result[#result + 1] = read(user) end
return result
