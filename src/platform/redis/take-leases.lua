-- Promises the entries that are missing to whoever reads them from Postgres.
--
-- KEYS     entries
-- ARGV     token of the reader, life of a lease in milliseconds
-- Result   for each entry: its text, when somebody filled it meanwhile; '?' and a token, the caller's own when it may fill
--          the entry, another's when somebody else is about to

local lease, result = '?' .. ARGV[1], {}
for i, key in ipairs(KEYS) do
  local entry = redis.call('GET', key)
  if not entry then
    redis.call('SET', key, lease, 'PX', ARGV[2])
    entry = lease
  end
  result[i] = entry
end
return result
