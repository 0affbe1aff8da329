-- Keeps which posts of an author came last who is not written for each follower.
--
-- KEYS[1]  live:author:<author>
-- ARGV     post

redis.call('ZADD', KEYS[1], 'NX', now(), ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -9)
return redis.call('EXPIRE', KEYS[1], 604800)
