-- What the graph knows of some users, each time seen by a viewer, as of one moment.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, then questions: what to read (see below), viewer and users, joined by blanks; then a
--          comma, and some of the users once more, joined by blanks
--          `counts`     the users' counts as well
--          `standings`  no counts
--          `known`      no counts, and nothing of whether the users are in the mirror; who of them follows the viewer is
--                       asked of those alone who are named once more
-- Result   false when there is no mirror to read. Otherwise for each question a list: first the users (or viewer) who are not
--          in the mirror, joined by blanks; then a text of one character for each user, whose code less 48 is a number (1
--          friend, 2 noise, 3 block, 4 mute, 0 none; +8 follows the viewer; +16 blocks the viewer); then, with counts,
--          followers, friends and noise of each

local call = redis.call
local root = ARGV[1]
local epoch = call('HGET', KEYS[1], 'current')
if not epoch then return false end
local base = root .. epoch .. ':{'
local none = {}

local function listed(text)
  local ids = {}
  for id in string.gmatch(text, '%d+') do ids[#ids + 1] = id end
  return ids
end

local function answer(wanted, viewer, users, asked)
  local result, missing, codes = { '', '' }, {}, {}
  local mine = base .. viewer .. '}:'
  local own = call('HMGET', mine .. 'counts', 'version', 'noise')
  if not own[1] then missing[1] = viewer end

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
    for _, user in ipairs(asked) do unknown[user] = true end
  end

  for place, user in ipairs(users) do
    local theirs = base .. user .. '}:'
    local code = 48
    if following[place] == 1 then code = noise[place] == 1 and 50 or 49 end
    if blocks[place] == 1 then code = 51 elseif mutes[place] == 1 then code = 52 end
    local follows_viewer = (not unknown or unknown[user]) and call('SISMEMBER', theirs .. 'following', viewer) == 1
    if follows_viewer then code = code + 8 end
    if blockers[place] == 1 then code = code + 16 end
    codes[place] = code
    if wanted == 'counts' then
      local counts = call('HMGET', theirs .. 'counts', 'version', 'followers', 'friends', 'noise')
      if not counts[1] then missing[#missing + 1] = user end
      for field = 2, 4 do result[#result + 1] = tonumber(counts[field] or 0) end
    elseif wanted == 'standings' and not follows_viewer and not call('HGET', theirs .. 'counts', 'version') then
      missing[#missing + 1] = user
    end
  end
  result[1] = table.concat(missing, ' ')
  result[2] = string.char(unpack(codes))
  return result
end

local answers = {}
for place = 2, #ARGV do
  local wanted, viewer, users, asked = string.match(ARGV[place], '^(%a+) (%d+) ([%d ]*),([%d ]*)$')
  answers[place - 1] = answer(wanted, viewer, listed(users), listed(asked))
end
return answers
