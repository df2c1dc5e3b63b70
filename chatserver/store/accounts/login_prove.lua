-- Whether a token is a login of this user. Its use is noted once an hour, and puts off its end.
-- keys: {u} {u}:logins
-- repeatable
-- args: now, login id, digest of the token, how long a login lasts without use (ms; 0 for ever), how often to note (ms)
-- answers: {'ok', kind, ends at, bot, admin, auth}, {'unknown'} or {'suspended'}
return function(keys, args)
  local profile, logins = unpack(keys)
  local now, id, lasts, every = tonumber(args[1]), args[2], tonumber(args[4]), tonumber(args[5])
  local packed = redis.call('HGET', logins, id)
  local held = redis.call('HMGET', profile, 'closed', 'suspended', 'bot', 'admin', 'auth')
  if held[2] == '1' then return {'suspended'} end
  if not packed or held[1] == '1' then return {'unknown'} end
  local login = cmsgpack.unpack(packed)
  if login.h ~= args[3] or (login.e > 0 and login.e <= now) then return {'unknown'} end
  if now >= login.u + every then
    login.u = now
    if login.e > 0 and lasts > 0 then login.e = now + lasts end
    redis.call('HSET', logins, id, cmsgpack.pack(login))
  end
  return {'ok', login.k, login.e, number_of(held[3]), number_of(held[4]), number_of(held[5])}
end
