-- Add a user to the set of admins, or remove them. The user's own tag decides who is an admin; this set counts them.
-- keys: {community} {community}:admins
-- repeatable
-- allow-oom
-- args: user, 1 or 0
-- answers: {'ok'}
return function(keys, args)
  local changed
  if args[2] == '1' then changed = redis.call('SADD', keys[2], args[1]) else changed = redis.call('SREM', keys[2], args[1]) end
  if changed == 1 then publish(keys[1], 'admins') end
  return {'ok'}
end
