-- The log of changes: its state is a hash (era, and how many changes were noted in it), the log itself a list of names, the
-- latest last. `unused` is a text that nobody has used.

-- Notes that anything may have changed.
local function note_anything(state, log, unused)
  redis.call('HSET', state, 'era', unused, 'noted', 0)
  redis.call('DEL', log)
end

-- Notes that what bears these names changed. Who missed more than the log keeps takes everything for changed; it keeps few
-- enough for `unpack`, of 8,000 at most.
local function note(state, log, unused, names)
  if #names > 1000 or redis.call('HEXISTS', state, 'era') == 0 then note_anything(state, log, unused) end
  if #names == 0 or #names > 1000 then return end
  redis.call('RPUSH', log, unpack(names))
  redis.call('HINCRBY', state, 'noted', #names)
  redis.call('LTRIM', log, -5000, -1)
end
