-- Note that a login was used, which puts off its end. Apart from the proof: a store that takes no writes still knows
-- whose token it is.
-- keys: {u} {u}:logins
-- repeatable
-- allow-oom
-- args: now, login id, how long a login lasts without use (ms; 0 for ever)
-- answers: {'ok'}
return function(keys, args)
  local now, id, lasts = tonumber(args[1]), args[2], tonumber(args[3])
  local packed = redis.call('HGET', keys[2], id)
  if not packed then return {'ok'} end
  local login = cmsgpack.unpack(packed)
  login.u = math.max(login.u, now)
  if login.e > 0 and lasts > 0 then login.e = math.max(login.e, now + lasts) end
  redis.call('HSET', keys[2], id, cmsgpack.pack(login))
  return {'ok'}
end
