-- Notes that some people watch one of their feeds each, and answers all that tells whether it has something new.
--
-- KEYS[1]  graph:epoch
-- KEYS[2]  live:watching
-- KEYS[3]  posts:revised
-- ARGV     root of the keys, root of the mirror's keys, a text that nobody has used, seconds to watch, key of the authors of
--          pending posts ('' when given here), key of the pulled ones (the same), authors of pending posts given here joined
--          by blanks, pulled ones likewise; then, for each watch, kind of the follow ('friend' or 'noise'), a blank, the user
-- Result   false when there is no mirror to read, 0 when a set of authors is not there; otherwise the era, then for each watch
--          false when the mirror does not have the user, or else the mark of this watch, the user's version in the graph, what
--          followed authors revised, followed authors of pending posts joined by blanks, followed pulled authors likewise,
--          then the entries that came last

local call = redis.call
local root, graph, unused, seconds = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local epoch = call('HGET', KEYS[1], 'current')
if not epoch then return false end

-- Authors among whom followed ones are looked for: those of a key, or those of a text.
local function candidates(key, text)
  local given = {}
  for author in string.gmatch(text, '%d+') do given[#given + 1] = author end
  return { key = key, given = given, is_gone = key ~= '' and call('EXISTS', key) == 0 }
end

local pending, pulled = candidates(ARGV[5], ARGV[7]), candidates(ARGV[6], ARGV[8])
if pending.is_gone or pulled.is_gone then return 0 end
local is_revised = call('EXISTS', KEYS[3]) == 1
local lost = is_revised and call('ZSCORE', KEYS[3], '') or ''

local function followed(base, kind, has_noise, among)
  local found = {}
  if among.key ~= '' then
    found = call('SINTER', base .. 'following', among.key)
  elseif #among.given > 0 then
    for i, is_member in ipairs(call('SMISMEMBER', base .. 'following', unpack(among.given))) do
      if is_member == 1 then found[#found + 1] = among.given[i] end
    end
  end
  if #found == 0 then return found end
  local noise, wanted = has_noise and call('SMISMEMBER', base .. 'noise', unpack(found)) or {}, {}
  for i, author in ipairs(found) do
    if (noise[i] == 1) == (kind == 'noise') then wanted[#wanted + 1] = author end
  end
  return wanted
end

local function watch(kind, user)
  local base = graph .. epoch .. ':{' .. user .. '}:'
  local own = call('HMGET', base .. 'counts', 'version', 'noise')
  if not own[1] then return false end
  local has_noise = tonumber(own[2] or 0) > 0
  local by_pending = followed(base, kind, has_noise, pending)
  local by_pulled = followed(base, kind, has_noise, pulled)

  local mine = root .. '{' .. user .. '}:'
  local mark = call('GET', mine .. 'mark')
  if not mark or call('TTL', mine .. 'mark') < seconds / 2 then
    mark = mark or unused
    call('SET', mine .. 'mark', mark, 'EX', seconds)
    watch_until(KEYS[2], user, seconds)
    call('EXPIRE', mine .. 'friends', 1800)
    call('EXPIRE', mine .. 'noise', 1800)
  end

  local revised = lost
  if is_revised then
    local weighed = call('ZINTER', 2, base .. 'following', KEYS[3], 'WEIGHTS', 0, 1, 'AGGREGATE', 'SUM', 'WITHSCORES')
    weighed[#weighed + 1] = lost
    revised = table.concat(weighed, ' ')
  end
  local result = { mark, own[1], revised, table.concat(by_pending, ' '), table.concat(by_pulled, ' ') }
  for _, entry in ipairs(call('ZRANGE', mine .. (kind == 'noise' and 'noise' or 'friends'), -64, -1)) do
    result[#result + 1] = entry
  end
  for _, author in ipairs(by_pulled) do
    for _, entry in ipairs(call('ZRANGE', root .. 'author:' .. author, 0, -1)) do result[#result + 1] = entry end
  end
  return result
end

local result = { call('GET', root .. 'era') or '' }
for place = 9, #ARGV do
  local kind, user = string.match(ARGV[place], '^(%a+) (%d+)$')
  result[#result + 1] = watch(kind, user)
end
return result
