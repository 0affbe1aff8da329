-- Brings one owner in one epoch to the state that Postgres had at a version, and corrects the follower counters of
-- everyone whom that adds or removes. An epoch that holds this version or a later one is left alone.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, epoch, owner, version, number of friends, of noise, of blocks, of mutes, then the
--          ids in that order
-- Result   1 if the state was written, 0 if the epoch is at this version or later, -1 if the epoch is not in use any more

local root, epoch, owner, version = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local NAMES = { 'friends', 'noise', 'blocks', 'mutes' }
local base = root .. epoch .. ':{' .. owner .. '}:'
local counts = base .. 'counts'

local live = false
for _, known in ipairs(redis.call('HVALS', KEYS[1])) do
  live = live or known == epoch
end
if not live then return -1 end

local seen = redis.call('HGET', counts, 'version')
if seen and tonumber(seen) >= version then return 0 end

local followed = {}
for i = 1, 2 do
  for _, subject in ipairs(redis.call('SMEMBERS', base .. NAMES[i])) do followed[subject] = -1 end
end

local position = 9
for i, name in ipairs(NAMES) do
  local size = tonumber(ARGV[4 + i])
  redis.call('DEL', base .. name)
  for start = position, position + size - 1, 1000 do
    local stop = math.min(start + 999, position + size - 1)
    redis.call('SADD', base .. name, unpack(ARGV, start, stop))
    if i <= 2 then
      for j = start, stop do followed[ARGV[j]] = (followed[ARGV[j]] or 0) + 1 end
    end
  end
  position = position + size
end

for subject, change in pairs(followed) do
  if change ~= 0 then redis.call('HINCRBY', root .. epoch .. ':{' .. subject .. '}:counts', 'followers', change) end
end
redis.call('HSET', counts, 'version', version, 'friends', ARGV[5], 'noise', ARGV[6])
return 1
