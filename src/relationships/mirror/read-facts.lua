-- What the graph knows of some users, seen by a viewer, as of one moment.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, what to read (see below), viewer, users joined by blanks
--          `counts`     their counts as well
--          `standings`  no counts
--          `known`      no counts, and nothing of whether the users are in the mirror; who of them follows the viewer is
--                       asked of those alone who are named once more, joined by blanks
-- Result   false when there is no mirror to read. Otherwise, first the users (or viewer) who are not in the mirror, joined by
--          blanks; then for each user one number (1 friend, 2 noise, 3 block, 4 mute, 0 none; +8 follows the viewer;
--          +16 blocks the viewer), and, with counts, followers, friends and noise

local call = redis.call
local root, wanted, viewer = ARGV[1], ARGV[2], ARGV[3]
local epoch = call('HGET', KEYS[1], 'current')
if not epoch then return false end
local result, missing, users = { '' }, {}, {}
for user in string.gmatch(ARGV[4], '%S+') do users[#users + 1] = user end

local base = root .. epoch .. ':{'
local mine = base .. viewer .. '}:'
local own = call('HMGET', mine .. 'counts', 'version', 'noise')
if not own[1] then missing[1] = viewer end

local none = {}
local function ask(name) return call('SMISMEMBER', mine .. name, unpack(users)) end
local following = ask('following')
local noise = tonumber(own[2] or 0) > 0 and ask('noise') or none
-- Hardly anybody blocks or mutes: one look at whether there are such sets spares three.
local blocks, mutes, blockers = none, none, none
if call('EXISTS', mine .. 'blocks', mine .. 'mutes', mine .. 'blockers') > 0 then
  blocks, mutes, blockers = ask('blocks'), ask('mutes'), ask('blockers')
end

local unknown = wanted == 'known' and {}
if unknown then
  for user in string.gmatch(ARGV[5], '%S+') do unknown[user] = true end
end

for place, user in ipairs(users) do
  local theirs = base .. user .. '}:'
  local code = 0
  if following[place] == 1 then code = noise[place] == 1 and 2 or 1 end
  if blocks[place] == 1 then code = 3 elseif mutes[place] == 1 then code = 4 end
  local follows_viewer = (not unknown or unknown[user]) and call('SISMEMBER', theirs .. 'following', viewer) == 1
  if follows_viewer then code = code + 8 end
  if blockers[place] == 1 then code = code + 16 end
  result[#result + 1] = code
  if wanted == 'counts' then
    local counts = call('HMGET', theirs .. 'counts', 'version', 'followers', 'friends', 'noise')
    if not counts[1] then missing[#missing + 1] = user end
    for field = 2, 4 do result[#result + 1] = tonumber(counts[field] or 0) end
  elseif wanted == 'standings' and not follows_viewer and not call('HGET', theirs .. 'counts', 'version') then
    missing[#missing + 1] = user
  end
end
result[1] = table.concat(missing, ' ')
return result
