-- Take a handle for a user. Refused if another user holds it, unless the caller knows that this holder was never
-- created: a sign-up that failed after taking the handle.
-- keys: {h}
-- repeatable
-- args: user, now, a holder known not to exist ('' if none)
-- answers: {'ok'} or {'taken', holder, when it was taken}
return function(keys, args)
  local user, now, ghost = args[1], args[2], args[3]
  local held = redis.call('HMGET', keys[1], 'user', 'at')
  if held[1] and held[1] ~= user and held[1] ~= ghost then return {'taken', held[1], number_of(held[2])} end
  if held[1] ~= user then redis.call('HSET', keys[1], 'user', user, 'at', now) end
  return {'ok'}
end
