-- Give back what was reserved for a file of a user; if it was sent on the latest day, also what that day took.
-- keys: {u}:quota
-- repeatable
-- allow-oom
-- args: file
-- answers: {'ok'}
return function(keys, args)
  local quota = keys[1]
  local bytes, day = string.match(redis.call('HGET', quota, args[1]) or '', '^(%S+) (%S+)$')
  if not bytes then return {'ok'} end
  redis.call('HDEL', quota, args[1])
  redis.call('HSET', quota, '=', string.format('%d', number_of(redis.call('HGET', quota, '=')) - tonumber(bytes)))
  local latest, sent = string.match(redis.call('HGET', quota, '=day') or '', '^(%S+) (%S+)$')
  if latest == day then
    redis.call('HSET', quota, '=day', string.format('%s %d', day, math.max(0, tonumber(sent) - tonumber(bytes))))
  end
  return {'ok'}
end
