-- End a login.
-- keys: {u} {u}:logins
-- repeatable
-- allow-oom
-- args: login id, expected kind ('' for any)
-- answers: {'ok'} or {'not_found'}
return function(keys, args)
  local profile, logins = unpack(keys)
  local packed = redis.call('HGET', logins, args[1])
  if not packed or (args[2] ~= '' and cmsgpack.unpack(packed).k ~= args[2]) then return {'not_found'} end
  redis.call('HDEL', logins, args[1])
  publish(profile, 'auth', redis.call('HINCRBY', profile, 'auth', 1))
  return {'ok'}
end
