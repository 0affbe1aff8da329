-- Notes that some things changed.
--
-- KEYS[1]  state of the log (hash: era, and how many changes were noted in it)
-- KEYS[2]  the log (list of names, the latest last)
-- ARGV     a text that nobody has used, how many names to keep, names …

if redis.call('HSETNX', KEYS[1], 'era', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1], 'noted', 0)
  redis.call('DEL', KEYS[2])
end
redis.call('RPUSH', KEYS[2], unpack(ARGV, 3))
redis.call('HINCRBY', KEYS[1], 'noted', #ARGV - 2)
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[2]), -1)
return 1
