-- Fills entries for which the caller still holds the lease. Whoever changed one of them meanwhile has deleted its lease, so
-- that what was read before the change does not come after it.
--
-- KEYS     entries
-- ARGV     token of the reader, then for each entry its text ('' when there is nothing to keep) and its life in milliseconds
-- Result   how many were filled

local lease, filled = '?' .. ARGV[1], 0
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == lease then
    local text = ARGV[2 * i]
    if text == '' then
      redis.call('DEL', key)
    else
      redis.call('SET', key, text, 'PX', ARGV[2 * i + 1])
      filled = filled + 1
    end
  end
end
return filled
