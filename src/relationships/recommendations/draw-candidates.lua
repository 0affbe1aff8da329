-- Whom those followed by the viewer follow most, among as many of them as a budget allows: a union of their sets that
-- counts, in one piece.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, epoch, viewer, how many members the union may have, how many candidates are
--          wanted, how many ids are excluded, those ids, then ids of followed ones, who are taken in this order
-- Result   { 1 when every one of those given was taken, otherwise 0, candidates, by falling count, then falling id … }

local root, epoch, viewer, budget, wanted, excluded =
  ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local start, base = root .. epoch .. ':{', root .. epoch .. ':{' .. viewer .. '}:'
local union, excerpt = base .. 'union', base .. 'excerpt'

local skip = { [viewer] = true }
for i = 7, 6 + excluded do skip[ARGV[i]] = true end

local keys, members, taken = {}, 0, 0
for i = 7 + excluded, #ARGV do
  local key = start .. ARGV[i] .. '}:following'
  local size = redis.call('SCARD', key)
  if members + size <= budget then
    taken = taken + 1
    members = members + size
    if size > 0 then keys[#keys + 1] = key end
  end
end
local is_whole = taken == #ARGV - 6 - excluded and 1 or 0
if #keys == 0 then
  if is_whole == 1 then return { is_whole } end
  -- Each of them follows more than the budget allows: a part of the first one's is better than nothing.
  redis.call('DEL', excerpt)
  local part = redis.call('SSCAN', start .. ARGV[7 + excluded] .. '}:following', 0, 'COUNT', budget)[2]
  for i = 1, math.min(#part, budget), 1000 do
    redis.call('SADD', excerpt, unpack(part, i, math.min(i + 999, #part)))
  end
  keys[1] = excerpt
end
redis.call('ZUNIONSTORE', union, #keys, unpack(keys))

local sets = {}
for _, name in ipairs({ 'following', 'blocks', 'mutes', 'blockers' }) do
  if redis.call('EXISTS', base .. name) == 1 then sets[#sets + 1] = base .. name end
end

local result = { is_whole }
for from = 0, budget, 200 do
  local ranked = redis.call('ZREVRANGE', union, from, from + 199)
  if #ranked == 0 then break end
  local hidden = {}
  for s = 1, #sets do hidden[s] = redis.call('SMISMEMBER', sets[s], unpack(ranked)) end
  for i = 1, #ranked do
    local is_hidden = skip[ranked[i]]
    for s = 1, #sets do is_hidden = is_hidden or hidden[s][i] == 1 end
    if not is_hidden then result[#result + 1] = ranked[i] end
    if #result > wanted then break end
  end
  if #result > wanted then break end
end
redis.call('UNLINK', union, excerpt)
return result
