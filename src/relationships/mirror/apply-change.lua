-- Applies one change of one owner to every epoch: the sets and counters of both sides and the version, together. An epoch
-- that is being filled gets it into its log instead.
--
-- What of the epoch that is read it may have changed is noted in the log of changes: of both sides the counts, with whom they
-- follow, or the relationships alone.
--
-- KEYS     graph:epoch, then those of the log of changes
-- ARGV     root of the mirror's keys, owner, version of the change, subject, kind before ('' for none), kind after, a text
--          that nobody has used
-- Result   the epochs into which the caller has to load the owner, because an earlier change is missing there

local root, owner, version, subject, from, to = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local state = redis.call('HMGET', KEYS[1], 'current', 'building', 'filling')
local current, building, filling = state[1], state[2], state[3]
local behind = {}

if current then
  if apply_change(root, current, owner, version, subject, from, to) then
    behind[#behind + 1] = current
  elseif follows(from) or follows(to) then
    note(KEYS[2], KEYS[3], ARGV[7], { 'counts:' .. owner, 'counts:' .. subject })
  else
    note(KEYS[2], KEYS[3], ARGV[7], { 'relationships:' .. owner, 'relationships:' .. subject })
  end
end
if building and filling then
  redis.call('RPUSH', root .. building .. ':log', table.concat({ owner, version, subject, from, to }, ' '))
elseif building and apply_change(root, building, owner, version, subject, from, to) then
  behind[#behind + 1] = building
end
return behind
