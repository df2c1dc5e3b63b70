-- Record that a login was used, which extends it. Separate from login_prove, so that tokens still work while the store
-- takes no writes.
-- keys: {u} {u}:logins
-- repeatable
-- allow-oom
-- args: now, login id, lifetime of an unused login (ms; 0: no end)
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
