-- Use an invitation. It works for as many people as it was made for; a repeat by one of them succeeds again.
-- keys: {i}
-- repeatable
-- args: user, now
-- answers: {'ok'} or {'no_invite'}
return function(keys, args)
  local field, now = 'user:' .. args[1], tonumber(args[2])
  local invite = redis.call('HMGET', keys[1], 'made_at', 'ends_at', 'uses', 'used', field)
  if not invite[1] then return {'no_invite'} end
  if invite[5] then return {'ok'} end
  local ends_at, uses, used = number_of(invite[2]), tonumber(invite[3] or '1'), number_of(invite[4])
  if used >= uses or (ends_at > 0 and ends_at <= now) then return {'no_invite'} end
  redis.call('HSET', keys[1], field, now, 'used', used + 1)
  return {'ok'}
end
