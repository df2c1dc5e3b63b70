-- Count an attempt at something that is guessed at: a bucket that every process shares. The time is an argument; the
-- key goes when the bucket would be full again. Where the last attempt lies in the future by more than clocks of several
-- machines differ, the clock was set back: it fills on from now.
-- keys: {a}
-- repeatable
-- args: now, how many at once, how many a minute in the long run
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
