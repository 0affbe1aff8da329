-- Keeps of a stream that is watched which entries came last, each once; and where a client listens, appends them to the log.

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Notes until when a user is told of what comes: a little longer than what is kept of it by the seconds. Forgets who is gone.
local function watch_until(key, user, seconds)
  local moment = now()
  redis.call('ZADD', key, 'GT', moment + (seconds + 5) * 1000, user)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. moment)
end

local function tell(root, user, stream, entry, text, moment)
  local base = root .. '{' .. user .. '}:'
  local listens = redis.call('EXISTS', base .. 'log') == 1
  if redis.call('ZADD', base .. stream, 'NX', moment, entry) == 0 then return 0 end
  redis.call('ZREMRANGEBYRANK', base .. stream, 0, listens and -1001 or -65)
  redis.call('EXPIRE', base .. stream, 1800)
  if listens then
    redis.call('XADD', base .. 'log', 'MAXLEN', '~', 500, '*', 'entry', text)
    redis.call('PUBLISH', base .. 'log', '')
  end
  return 1
end
