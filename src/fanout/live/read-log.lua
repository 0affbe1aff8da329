-- What a log holds behind an entry.
--
-- ARGV     root of the keys, user, entry, how many at most
-- Result   false when there is no log; otherwise the era, the log's name, its last entry, 1 if the given entry is in it (so
--          that nothing behind it is missing) or else 0, and the entries behind it: id and text in turn

local call = redis.call
local mine = ARGV[1] .. '{' .. ARGV[2] .. '}:'
local last = call('XREVRANGE', mine .. 'log', '+', '-', 'COUNT', 1)[1]
if not last then return false end
local is_there = ARGV[3] ~= '' and #call('XRANGE', mine .. 'log', ARGV[3], ARGV[3])
local result = { call('GET', ARGV[1] .. 'era') or '', call('GET', mine .. 'name') or '', last[1], is_there or 0 }
if is_there == 1 then
  for _, found in ipairs(call('XRANGE', mine .. 'log', '(' .. ARGV[3], '+', 'COUNT', ARGV[4])) do
    result[#result + 1] = found[1]
    result[#result + 1] = found[2][2]
  end
end
return result
