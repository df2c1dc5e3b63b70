-- All that a process needs to follow a room: what it is, who belongs to it, who is here.
-- keys: {r} {r}:members {r}:here
-- no-writes
-- answers: {'ok', meta flat, members flat, here flat} or {'not_found'}
return function(keys)
  local meta = redis.call('HGETALL', keys[1])
  if #meta == 0 then return {'not_found'} end
  return {'ok', meta, redis.call('HGETALL', keys[2]), redis.call('HGETALL', keys[3])}
end
