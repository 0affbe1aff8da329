-- Applies one change of one owner to the mirror: the sets, the counters of both sides and the version, together.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, owner, version of the change, subject, kind before ('' for none), kind after
-- Result   the epochs in which the change could not be applied because an earlier one is missing there; the caller has
--          to load the owner into them. A change that an epoch has seen is ignored.

local SETS = { friend = 'friends', noise = 'noise', block = 'blocks', mute = 'mutes' }
local root, owner, version, subject, from, to = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]

local function follows(kind)
  return kind == 'friend' or kind == 'noise'
end

local function apply(epoch)
  local base = root .. epoch .. ':{' .. owner .. '}:'
  local counts = base .. 'counts'
  if SETS[from] then
    redis.call('SREM', base .. SETS[from], subject)
    if follows(from) then redis.call('HINCRBY', counts, SETS[from], -1) end
  end
  if SETS[to] then
    redis.call('SADD', base .. SETS[to], subject)
    if follows(to) then redis.call('HINCRBY', counts, SETS[to], 1) end
  end
  if follows(from) ~= follows(to) then
    redis.call('HINCRBY', root .. epoch .. ':{' .. subject .. '}:counts', 'followers', follows(to) and 1 or -1)
  end
  redis.call('HSET', counts, 'version', version)
end

local behind = {}
for _, epoch in ipairs(redis.call('HVALS', KEYS[1])) do
  local seen = tonumber(redis.call('HGET', root .. epoch .. ':{' .. owner .. '}:counts', 'version') or 0)
  if seen == version - 1 then
    apply(epoch)
  elseif seen < version then
    behind[#behind + 1] = epoch
  end
end
return behind
