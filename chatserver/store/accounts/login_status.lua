-- Read what decides whether a user's open sockets may stay open: the account's status and its logins.
-- keys: {u} {u}:logins
-- no-writes
-- answers: {'ok', auth, closed, suspended, admin, logins flat} or {'not_found'}
return function(keys)
  local profile, logins = unpack(keys)
  local held = redis.call('HMGET', profile, 'handle', 'auth', 'closed', 'suspended', 'admin')
  if not held[1] then return {'not_found'} end
  return {
    'ok', number_of(held[2]), number_of(held[3]), number_of(held[4]), number_of(held[5]),
    redis.call('HGETALL', logins),
  }
end
