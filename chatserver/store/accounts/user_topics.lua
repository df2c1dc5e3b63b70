-- Note that a newcomer starts a topic, or that it was not made after all. Those of the last day count; a repeat counts once.
-- keys: {u}:started
-- repeatable
-- args: now, name of the request, most (-1: it was not made)
-- answers: {'ok'} or {'newcomer'}

local DAY_MS = 86400000

return function(keys, args)
  local started, now, name, most = keys[1], tonumber(args[1]), args[2], tonumber(args[3])
  if most < 0 then
    redis.call('ZREM', started, name)
    return {'ok'}
  end
  if redis.call('ZSCORE', started, name) then return {'ok'} end
  if redis.call('ZCOUNT', started, now - DAY_MS, '+inf') >= most then return {'newcomer'} end
  redis.call('ZREMRANGEBYSCORE', started, '-inf', now - DAY_MS)
  redis.call('ZADD', started, now, name)
  redis.call('EXPIRE', started, DONE_SECONDS)
  return {'ok'}
end
