-- Applies changes from the log of the epoch that is being filled, oldest first. When none is left, changes go to the epoch
-- itself from now on.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, epoch, how many entries at most
-- Result   1 when the log is drained and closed, 0 when there may be more, -1 when the epoch is not being built. Owners that
--          have to be loaded anew are in the epoch's set `behind`

local root, epoch, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('HGET', KEYS[1], 'building') ~= epoch then return -1 end

local entries = redis.call('LPOP', root .. epoch .. ':log', most)
if not entries then
  redis.call('HDEL', KEYS[1], 'filling')
  return 1
end

for _, entry in ipairs(entries) do
  local owner, version, subject, from, to = string.match(entry, '^(%d+) (%d+) (%d+) (%a*) (%a*)$')
  if not owner then
    redis.call('SADD', root .. epoch .. ':behind', entry)
  elseif apply_change(root, epoch, owner, tonumber(version), subject, from, to) then
    redis.call('SADD', root .. epoch .. ':behind', owner)
  end
end
return 0
