-- Remember the addresses and devices, as digests, from which a user signed in. The latest 32 are kept.
-- keys: {u} {u}:known
-- repeatable
-- args: now, then the digests
-- answers: {'ok'} or {'not_found'}
local KEPT = 32

return function(keys, args)
  local profile, known = unpack(keys)
  local held = redis.call('HMGET', profile, 'handle', 'closed')
  if not held[1] or held[2] == '1' then return {'not_found'} end
  for i = 2, #args do redis.call('ZADD', known, args[1], args[i]) end
  redis.call('ZREMRANGEBYRANK', known, 0, -1 - KEPT)
  return {'ok'}
end
