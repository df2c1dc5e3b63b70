-- Note that the words of these rooms changed, or only their numbers (+ROOM), for whoever keeps an index. Nobody takes
-- entries out: each reader goes on from the score it has seen. So scores only rise, also when the store's clock is set
-- back. A day later they go. Whoever subscribes hears that there is something to read.
-- keys: {dirty}
-- repeatable
-- args: rooms …
-- answers: {'ok'}

local KEPT_US = 86400 * 1000000

return function(keys, args)
  local time = redis.call('TIME')
  local score = tonumber(time[1]) * 1000000 + tonumber(time[2])
  local last = redis.call('ZRANGE', keys[1], 0, 0, 'REV', 'WITHSCORES')[2]
  score = math.max(score, number_of(last) + 1)
  for _, room in ipairs(args) do redis.call('ZADD', keys[1], string.format('%.0f', score), room) end
  redis.call('ZREMRANGEBYSCORE', keys[1], '-inf', string.format('(%.0f', score - KEPT_US))
  redis.call('SPUBLISH', keys[1] .. ':live', '')
  return {'ok'}
end
