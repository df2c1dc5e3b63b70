-- Replace all logins of a bot by one new login, for its owner.
-- keys: {u} {u}:logins
-- repeatable
-- args: owner, login id, record
-- answers: {'ok'}, {'not_found'} or {'suspended'}
return function(keys, args)
  local profile, logins = unpack(keys)
  local held = redis.call('HMGET', profile, 'handle', 'closed', 'owner', 'suspended')
  if not held[1] or held[2] == '1' or held[3] ~= args[1] then return {'not_found'} end
  if held[4] == '1' then return {'suspended'} end
  if redis.call('HEXISTS', logins, args[2]) == 1 then return {'ok'} end
  redis.call('DEL', logins)
  redis.call('HSET', logins, args[2], args[3])
  publish(profile, 'auth', redis.call('HINCRBY', profile, 'auth', 1))
  return {'ok'}
end
