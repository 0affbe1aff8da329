-- Begins a recommendation: the list that lies ready, if it still holds; otherwise whom the viewer follows.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, viewer, of how many followed ones at most the versions are compared, how many ids
-- Result   false when there is no mirror to read. Otherwise { epoch, users who are not in the mirror, joined by blanks,
--            the viewer's version, the sum of the versions of those whom the viewer follows ('' when they are too many),
--            the list that lies ready (false when none holds), where SSCAN goes on, ids of those followed … }

local root, viewer, most_compared, page = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local epoch = redis.call('HGET', KEYS[1], 'current')
if not epoch then return false end
local start, base = root .. epoch .. ':{', root .. epoch .. ':{' .. viewer .. '}:'

local version = redis.call('HGET', base .. 'counts', 'version')
if not version then return { epoch, viewer } end
local ready = redis.call('HMGET', base .. 'suggestions', 'version', 'stamp', 'list')
local is_large = redis.call('SCARD', base .. 'following') > most_compared
if is_large and ready[1] == version then return { epoch, '', version, '', ready[3], '0' } end

local scanned = redis.call('SSCAN', base .. 'following', 0, 'COUNT', page)
local following, missing, stamp = scanned[2], {}, ''
if not is_large then
  -- Versions only grow, so that their sum is another one after any change of any of them.
  local sum = 0
  for i = 1, #following do
    local theirs = redis.call('HGET', start .. following[i] .. '}:counts', 'version')
    if theirs then sum = sum + theirs else missing[#missing + 1] = following[i] end
  end
  stamp = string.format('%.0f', sum)
  if #missing == 0 and ready[1] == version and ready[2] == stamp then
    return { epoch, '', version, stamp, ready[3], '0' }
  end
end
local result = { epoch, table.concat(missing, ' '), version, stamp, false, scanned[1] }
for i = 1, #following do result[6 + i] = following[i] end
return result
