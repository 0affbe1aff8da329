-- Tells those of some users who watch their streams of an entry.
--
-- KEYS[1]  live:watching
-- ARGV     root of the keys, stream, entry (the same for what is not to be told twice), its text in the log, users …
-- Result   how many were told

local root, stream, entry, text = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local moment, told = now(), 0
local until_when = redis.call('ZMSCORE', KEYS[1], unpack(ARGV, 5))
for i = 1, #until_when do
  if until_when[i] and tonumber(until_when[i]) > moment then
    told = told + tell(root, ARGV[i + 4], stream, entry, text, moment)
  end
end
return told
