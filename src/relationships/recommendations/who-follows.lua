-- Those among some users who follow a target.
--
-- ARGV     root of the mirror's keys, epoch, target, ids of users …
-- Result   { users who are not in the mirror, joined by blanks, those who follow the target … }

local start, target = ARGV[1] .. ARGV[2] .. ':{', ARGV[3]
local missing, result = {}, { '' }
for i = 4, #ARGV do
  local base = start .. ARGV[i] .. '}:'
  if redis.call('SISMEMBER', base .. 'following', target) == 1 then
    result[#result + 1] = ARGV[i]
  elseif redis.call('HEXISTS', base .. 'counts', 'version') == 0 then
    missing[#missing + 1] = ARGV[i]
  end
end
result[1] = table.concat(missing, ' ')
return result
