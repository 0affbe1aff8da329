-- Tells those of some listening users who follow an author of a post that is not written for each of them. A user whom
-- the mirror does not have is told of it in both feeds: what does not belong there is left out when it is sent.
--
-- KEYS[1]  graph:epoch
-- ARGV     root of the keys, root of the mirror's keys, author, post, what goes before and after the stream in the log, users …
-- Result   how many were told

local root, graph, author, post, rest = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local epoch = redis.call('HGET', KEYS[1], 'current')
local moment, told = now(), 0
for i = 6, #ARGV do
  local base = epoch and graph .. epoch .. ':{' .. ARGV[i] .. '}:'
  local known = base and redis.call('HEXISTS', base .. 'counts', 'version') == 1
  local follows = not known or redis.call('SISMEMBER', base .. 'following', author) == 1
  local noise = follows and (not known or redis.call('SISMEMBER', base .. 'noise', author) == 1)
  if follows and (not known or not noise) then
    told = told + tell(root, ARGV[i], 'friends', post, 'friends ' .. rest, moment)
  end
  if noise then told = told + tell(root, ARGV[i], 'noise', post, 'noise ' .. rest, moment) end
end
return told
