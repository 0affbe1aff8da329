-- Brings one owner in one epoch to the state that Postgres had at a version, and corrects the counters and sets of
-- everyone whom that concerns. An epoch that holds this version or a later one is left alone, unless it is forced: then
-- what is there is wrong, so that others are not corrected by it; those who are wrong themselves are seen to on their own.
--
-- KEYS     graph:epoch, then those of the log of changes
-- ARGV     root of the mirror's keys, epoch, owner, version, '1' to force, a text that nobody has used, number of friends, of
--          noise, of blocks, of mutes, then the ids in that order
-- Result   1 if the state was written, 0 if the epoch is at this version or later, -1 if it is not in use (any more),
--          2 if it is being filled: the owner went to its log

local root, epoch, owner, version, force = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5] == '1'
local state = redis.call('HMGET', KEYS[1], 'current', 'building', 'filling')
if state[2] == epoch and state[3] then
  redis.call('RPUSH', root .. epoch .. ':log', owner)
  return 2
end
if state[1] ~= epoch and state[2] ~= epoch then return -1 end

local counts = user_key(root, epoch, owner, 'counts')
local seen = redis.call('HGET', counts, 'version')
local is_applied = seen and tonumber(seen) >= version
if is_applied and not force then return 0 end
local mends_only = force and (is_applied or not seen)

local before = { following = {}, blocks = {} }
for name, members in pairs(before) do
  for _, subject in ipairs(redis.call('SMEMBERS', user_key(root, epoch, owner, name))) do members[subject] = true end
end

local position = 11
local function add(name, size)
  local key = user_key(root, epoch, owner, name)
  for start = position, position + size - 1, 1000 do
    redis.call('SADD', key, unpack(ARGV, start, math.min(start + 999, position + size - 1)))
  end
end

-- What is in `before` and not in the new state was left; what is new and not in `before` was entered.
local function correct(name, size, entered, left)
  if mends_only then return end
  local members = before[name]
  for i = position, position + size - 1 do
    if members[ARGV[i]] then members[ARGV[i]] = nil else entered(ARGV[i]) end
  end
  for subject in pairs(members) do left(subject) end
end

for _, name in ipairs({ 'following', 'noise', 'blocks', 'mutes' }) do
  redis.call('DEL', user_key(root, epoch, owner, name))
end

local friends, noise, blocks, mutes = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local changed = { 'counts:' .. owner }
local function count(by)
  return function(subject)
    redis.call('HINCRBY', user_key(root, epoch, subject, 'counts'), 'followers', by)
    changed[#changed + 1] = 'counts:' .. subject
  end
end
correct('following', friends + noise, count(1), count(-1))
add('following', friends + noise)
position = position + friends
add('noise', noise)
position = position + noise
local function block(command)
  return function(subject)
    redis.call(command, user_key(root, epoch, subject, 'blockers'), owner)
    changed[#changed + 1] = 'relationships:' .. subject
  end
end
correct('blocks', blocks, block('SADD'), block('SREM'))
add('blocks', blocks)
position = position + blocks
add('mutes', mutes)
redis.call('HSET', counts, 'version', version, 'friends', friends, 'noise', noise)
if state[1] == epoch then note(KEYS[2], KEYS[3], ARGV[6], changed) end
return 1
