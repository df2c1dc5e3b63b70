-- Make a user an admin, suspend them, or undo either. Suspending deletes all their logins.
-- keys: {u} {u}:logins
-- repeatable
-- allow-oom
-- args: 'admin' or 'suspended', 1 or 0
-- answers: {'ok'} or {'not_found'}
return function(keys, args)
  local profile, logins = unpack(keys)
  local held = redis.call('HMGET', profile, 'handle', 'closed', args[1])
  if not held[1] or held[2] == '1' then return {'not_found'} end
  if (held[3] or '0') == args[2] then return {'ok'} end
  redis.call('HSET', profile, args[1], args[2])
  if args[1] == 'suspended' and args[2] == '1' then redis.call('DEL', logins) end
  publish(profile, 'auth', redis.call('HINCRBY', profile, 'auth', 1))
  return {'ok'}
end
