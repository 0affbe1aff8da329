-- How many of some users follow each candidate, and the first of them by id.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the mirror's keys, epoch, viewer, how many followers are named, how many candidates, the candidates, then
--          ids of users
-- Result   { users who are not in the mirror, joined by blanks, for each candidate: count, followers joined by blanks … }

local root, epoch, viewer, named, size = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local start, candidates = root .. epoch .. ':{', root .. epoch .. ':{' .. viewer .. '}:candidates'
redis.call('DEL', candidates)
redis.call('SADD', candidates, unpack(ARGV, 6, 5 + size))

local function is_before(a, b)
  return #a < #b or (#a == #b and a < b)
end

local counts, names, missing = {}, {}, {}
for i = 6, 5 + size do
  counts[ARGV[i]] = 0
  names[ARGV[i]] = {}
end
for i = 6 + size, #ARGV do
  local user = ARGV[i]
  local both = redis.call('SINTER', start .. user .. '}:following', candidates)
  if #both == 0 and redis.call('HEXISTS', start .. user .. '}:counts', 'version') == 0 then
    missing[#missing + 1] = user
  end
  for j = 1, #both do
    local candidate = both[j]
    counts[candidate] = counts[candidate] + 1
    local first = names[candidate]
    local place = #first
    if place < named or is_before(user, first[place]) then
      place = math.min(place + 1, named)
      while place > 1 and is_before(user, first[place - 1]) do
        first[place] = first[place - 1]
        place = place - 1
      end
      first[place] = user
    end
  end
end
redis.call('UNLINK', candidates)

local result = { table.concat(missing, ' ') }
for i = 6, 5 + size do
  result[#result + 1] = counts[ARGV[i]]
  result[#result + 1] = table.concat(names[ARGV[i]], ' ')
end
return result
