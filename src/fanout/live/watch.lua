-- Notes that somebody watches one of their feeds, and answers all that tells whether it has something new.
--
-- KEYS[1]  graph:epoch
-- KEYS[2]  live:watching
-- KEYS[3]  posts:revised
-- ARGV     root of the keys, root of the mirror's keys, user, kind of the follow ('friend' or 'noise'), a text that nobody
--          has used, seconds to watch, key of the authors of pending posts ('' when given here), key of the pulled ones
--          (the same), number of pending ones given here, authors given here: pending, then pulled …
-- Result   false when the mirror does not have the user, 0 when a set of authors is not there; otherwise the era, the
--          mark of this watch, the user's version in the graph, what followed authors revised, followed authors of pending
--          posts joined by blanks, followed pulled authors likewise, then the entries that came last

local call = redis.call
local root, graph, user, kind = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local seconds, given = tonumber(ARGV[6]), tonumber(ARGV[9])
local epoch = call('HGET', KEYS[1], 'current')
if not epoch then return false end
local base = graph .. epoch .. ':{' .. user .. '}:'
local own = call('HMGET', base .. 'counts', 'version', 'noise')
if not own[1] then return false end
local has_noise = tonumber(own[2] or 0) > 0

local function followed(key, first, last)
  local found = {}
  if key ~= '' then
    if call('EXISTS', key) == 0 then return nil end
    found = call('SINTER', base .. 'following', key)
  elseif last >= first then
    for i, is_member in ipairs(call('SMISMEMBER', base .. 'following', unpack(ARGV, first, last))) do
      if is_member == 1 then found[#found + 1] = ARGV[first + i - 1] end
    end
  end
  if #found == 0 then return found end
  local noise, wanted = has_noise and call('SMISMEMBER', base .. 'noise', unpack(found)) or {}, {}
  for i, author in ipairs(found) do
    if (noise[i] == 1) == (kind == 'noise') then wanted[#wanted + 1] = author end
  end
  return wanted
end

local pending = followed(ARGV[7], 10, 9 + given)
local pulled = followed(ARGV[8], 10 + given, #ARGV)
if not pending or not pulled then return 0 end

local mine = root .. '{' .. user .. '}:'
local stream = mine .. (kind == 'noise' and 'noise' or 'friends')
local mark = call('GET', mine .. 'mark')
if not mark or call('TTL', mine .. 'mark') < seconds / 2 then
  mark = mark or ARGV[5]
  call('SET', mine .. 'mark', mark, 'EX', seconds)
  watch_until(KEYS[2], user, seconds)
  call('EXPIRE', mine .. 'friends', 1800)
  call('EXPIRE', mine .. 'noise', 1800)
end

local weighed = call('ZINTER', 2, base .. 'following', KEYS[3], 'WEIGHTS', 0, 1, 'AGGREGATE', 'SUM', 'WITHSCORES')
weighed[#weighed + 1] = call('ZSCORE', KEYS[3], '') or ''
local revised = table.concat(weighed, ' ')
local result = { call('GET', root .. 'era') or '', mark, own[1], revised, table.concat(pending, ' '), table.concat(pulled, ' ') }
for _, entry in ipairs(call('ZRANGE', stream, -64, -1)) do result[#result + 1] = entry end
for _, author in ipairs(pulled) do
  for _, entry in ipairs(call('ZRANGE', root .. 'author:' .. author, 0, -1)) do result[#result + 1] = entry end
end
return result
