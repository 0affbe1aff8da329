-- Functions that the mirror's scripts share. A change is: owner, version, subject, kind before ('' for none), kind after.

local function follows(kind)
  return kind == 'friend' or kind == 'noise'
end

local function user_key(root, epoch, user, name)
  return root .. epoch .. ':{' .. user .. '}:' .. name
end

local function leave(root, epoch, owner, subject, kind)
  if follows(kind) then
    redis.call('SREM', user_key(root, epoch, owner, 'following'), subject)
    redis.call('HINCRBY', user_key(root, epoch, owner, 'counts'), kind == 'friend' and 'friends' or 'noise', -1)
    redis.call('HINCRBY', user_key(root, epoch, subject, 'counts'), 'followers', -1)
    if kind == 'noise' then redis.call('SREM', user_key(root, epoch, owner, 'noise'), subject) end
  elseif kind == 'block' then
    redis.call('SREM', user_key(root, epoch, owner, 'blocks'), subject)
    redis.call('SREM', user_key(root, epoch, subject, 'blockers'), owner)
  elseif kind == 'mute' then
    redis.call('SREM', user_key(root, epoch, owner, 'mutes'), subject)
  end
end

local function enter(root, epoch, owner, subject, kind)
  if follows(kind) then
    redis.call('SADD', user_key(root, epoch, owner, 'following'), subject)
    redis.call('HINCRBY', user_key(root, epoch, owner, 'counts'), kind == 'friend' and 'friends' or 'noise', 1)
    redis.call('HINCRBY', user_key(root, epoch, subject, 'counts'), 'followers', 1)
    if kind == 'noise' then redis.call('SADD', user_key(root, epoch, owner, 'noise'), subject) end
  elseif kind == 'block' then
    redis.call('SADD', user_key(root, epoch, owner, 'blocks'), subject)
    redis.call('SADD', user_key(root, epoch, subject, 'blockers'), owner)
  elseif kind == 'mute' then
    redis.call('SADD', user_key(root, epoch, owner, 'mutes'), subject)
  end
end

-- Applies a change to one epoch if it is the next one of its owner there. Answers whether the owner has to be loaded
-- anew, because an earlier change is missing. What the epoch has seen is ignored.
local function apply_change(root, epoch, owner, version, subject, from, to)
  local counts = user_key(root, epoch, owner, 'counts')
  local seen = tonumber(redis.call('HGET', counts, 'version') or 0)
  if seen >= version then return false end
  if seen < version - 1 then return true end
  leave(root, epoch, owner, subject, from)
  enter(root, epoch, owner, subject, to)
  redis.call('HSET', counts, 'version', version)
  return false
end
