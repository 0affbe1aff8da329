-- Notes that a client listens to somebody's streams, and begins their log where there is none.
--
-- KEYS[1]  live:watching
-- KEYS[2]  live:listening
-- ARGV     root of the keys, user, a text that nobody has used, seconds to listen

local call = redis.call
local mine, seconds = ARGV[1] .. '{' .. ARGV[2] .. '}:', tonumber(ARGV[4])
call('SET', mine .. 'name', ARGV[3], 'NX')
if call('EXISTS', mine .. 'log') == 0 then
  call('SET', mine .. 'name', ARGV[3])
  call('XADD', mine .. 'log', '*', 'entry', '')
end
for _, name in ipairs({ 'name', 'log' }) do call('EXPIRE', mine .. name, seconds) end
for _, name in ipairs({ 'friends', 'noise', 'notifications' }) do call('EXPIRE', mine .. name, 1800) end
watch_until(KEYS[1], ARGV[2], seconds)
watch_until(KEYS[2], ARGV[2], seconds)
return 1
