-- Read a user's membership of a room, and the version of the members at that moment.
-- keys: {r} {r}:members
-- no-writes
-- args: user
-- answers: {'ok', version, record or ''} or {'not_found'}
return function(keys, args)
  local version = redis.call('HGET', keys[1], 'mv')
  if not version then return {'not_found'} end
  return {'ok', tonumber(version), redis.call('HGET', keys[2], args[1]) or ''}
end
