-- Count an attempt at something guessable, such as a password: a token bucket shared by all processes. The key expires
-- when the bucket would be full again. If the last attempt is more than APART_MS in the future, the clock was set back
-- (the clocks of several machines differ by less): the bucket refills from now.
-- keys: {a}
-- repeatable
-- args: now, burst, refill per minute
-- answers: {'ok'} or {'wait', ms}
local APART_MS = 60000

return function(keys, args)
  local now, burst, per_ms = tonumber(args[1]), tonumber(args[2]), tonumber(args[3]) / 60000
  local held = redis.call('HMGET', keys[1], 'left', 'at')
  local left, at = tonumber(held[1] or burst), tonumber(held[2] or now)
  if at > now + APART_MS then at = now end
  left = math.min(burst, left + math.max(0, now - at) * per_ms)
  if left < 1 then
    if per_ms == 0 then return {'wait', 86400000} end
    return {'wait', math.ceil((1 - left) / per_ms)}
  end
  left = left - 1
  redis.call('HSET', keys[1], 'left', string.format('%.6f', left), 'at', string.format('%.0f', math.max(now, at)))
  local full_in = per_ms > 0 and (burst - left) / per_ms or 86400000
  redis.call('PEXPIRE', keys[1], string.format('%.0f', math.min(full_in, 86400000 * 7) + 1000))
  return {'ok'}
end
