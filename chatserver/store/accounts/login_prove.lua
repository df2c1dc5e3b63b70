-- Whether a token is a login of this user.
-- keys: {u} {u}:logins
-- no-writes
-- args: now, login id, digest of the token
-- answers: {'ok', kind, ends at, bot, admin, auth, used at, created at, trusted, wrote}, {'unknown'} or {'suspended'}
return function(keys, args)
  local profile, logins = unpack(keys)
  local now, id = tonumber(args[1]), args[2]
  local packed = redis.call('HGET', logins, id)
  local held = redis.call('HMGET', profile, 'closed', 'suspended', 'bot', 'admin', 'auth', 'created_at',
    'trusted', 'wrote')
  if held[2] == '1' then return {'suspended'} end
  if not packed or held[1] == '1' then return {'unknown'} end
  local login = cmsgpack.unpack(packed)
  if login.h ~= args[3] or (login.e > 0 and login.e <= now) then return {'unknown'} end
  return {'ok', login.k, login.e, number_of(held[3]), number_of(held[4]), number_of(held[5]), login.u,
    held[6] or '', held[7] or '', held[8] or ''}
end
