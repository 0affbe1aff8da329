-- Whom of some candidates a viewer follows, and in which way.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, viewer, key of a set of candidates ('' when they are given here), candidates …
-- Result   false when the viewer is not in the mirror, or there is none; 0 when the set of candidates is not there;
--          otherwise the followed ones, friends first, with an empty text between friends and noise

local root, viewer, candidates = ARGV[1], ARGV[2], ARGV[3]
local epoch = redis.call('HGET', KEYS[1], 'current')
if not epoch then return false end
local base = root .. epoch .. ':{' .. viewer .. '}:'
local own = redis.call('HMGET', base .. 'counts', 'version', 'noise')
if not own[1] then return false end

local followed = {}
if candidates ~= '' then
  if redis.call('EXISTS', candidates) == 0 then return 0 end
  followed = redis.call('SINTER', base .. 'following', candidates)
else
  local found = redis.call('SMISMEMBER', base .. 'following', unpack(ARGV, 4))
  for i = 1, #found do
    if found[i] == 1 then followed[#followed + 1] = ARGV[i + 3] end
  end
end
if #followed == 0 then return { '' } end

local friends, noisy = {}, {}
local is_noise = tonumber(own[2] or 0) > 0 and redis.call('SMISMEMBER', base .. 'noise', unpack(followed))
for i, subject in ipairs(followed) do
  if is_noise and is_noise[i] == 1 then noisy[#noisy + 1] = subject else friends[#friends + 1] = subject end
end
friends[#friends + 1] = ''
for _, subject in ipairs(noisy) do friends[#friends + 1] = subject end
return friends
