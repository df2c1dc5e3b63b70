-- Use an invitation. It works once; a repeat by the same new user succeeds again.
-- keys: {i}
-- repeatable
-- args: user, now
-- answers: {'ok'} or {'no_invite'}
return function(keys, args)
  local user, now = args[1], tonumber(args[2])
  local invite = redis.call('HMGET', keys[1], 'made_at', 'ends_at', 'used_by')
  if not invite[1] then return {'no_invite'} end
  if invite[3] == user then return {'ok'} end
  local ends_at = number_of(invite[2])
  if invite[3] or (ends_at > 0 and ends_at <= now) then return {'no_invite'} end
  redis.call('HSET', keys[1], 'used_by', user, 'used_at', now)
  return {'ok'}
end
