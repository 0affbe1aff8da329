-- What the graph knows of some users, seen by a viewer, as of one moment.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, '1' to read counts as well, viewer, users …
-- Result   false when there is no mirror to read. Otherwise, first the users (or viewer) who are not in the mirror, joined by
--          blanks; then for each user one number (1 friend, 2 noise, 3 block, 4 mute, 0 none; +8 follows the viewer;
--          +16 blocks the viewer), and, with counts, followers, friends and noise

local root, with_counts, viewer = ARGV[1], ARGV[2] == '1', ARGV[3]
local epoch = redis.call('HGET', KEYS[1], 'current')
if not epoch then return false end
local result, missing = { '' }, {}

local own = redis.call('HMGET', root .. epoch .. ':{' .. viewer .. '}:counts', 'version', 'noise')
if not own[1] then missing[1] = viewer end

local function ask(name)
  return redis.call('SMISMEMBER', root .. epoch .. ':{' .. viewer .. '}:' .. name, unpack(ARGV, 4))
end
local following, blocks, mutes, blockers = ask('following'), ask('blocks'), ask('mutes'), ask('blockers')
local noise = tonumber(own[2] or 0) > 0 and ask('noise')

for i = 4, #ARGV do
  local base = root .. epoch .. ':{' .. ARGV[i] .. '}:'
  local place = i - 3
  local code = 0
  if following[place] == 1 then code = noise and noise[place] == 1 and 2 or 1 end
  if blocks[place] == 1 then code = 3 elseif mutes[place] == 1 then code = 4 end
  if redis.call('SISMEMBER', base .. 'following', viewer) == 1 then code = code + 8 end
  if blockers[place] == 1 then code = code + 16 end
  result[#result + 1] = code
  if with_counts then
    local counts = redis.call('HMGET', base .. 'counts', 'version', 'followers', 'friends', 'noise')
    if not counts[1] then missing[#missing + 1] = ARGV[i] end
    for field = 2, 4 do result[#result + 1] = tonumber(counts[field] or 0) end
  elseif not redis.call('HGET', base .. 'counts', 'version') then
    missing[#missing + 1] = ARGV[i]
  end
end
result[1] = table.concat(missing, ' ')
return result
