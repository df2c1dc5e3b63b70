-- Release a poke's place, now or at a later time. A place is reference-counted: it is free when no poke holds it.
-- keys: {u}:pokes
-- repeatable
-- allow-oom
-- args: pair, poke, time until which the place stays taken (0: release now)
-- answers: {'ok'}
return function(keys, args)
  local pokes, pair, poke = keys[1], args[1], args[2]
  local held = redis.call('HGET', pokes, pair)
  if not held then return {'ok'} end
  local till, others, found = string.match(held, '^%d+'), '', false
  for holder in string.gmatch(held, ' (%S+)') do
    if holder == poke then found = true else others = others .. ' ' .. holder end
  end
  if not found then return {'ok'} end
  if args[3] ~= '0' then
    redis.call('HSET', pokes, pair, args[3] .. ' ' .. poke .. others)
  elseif others == '' then
    redis.call('HDEL', pokes, pair)
  else
    redis.call('HSET', pokes, pair, till .. others)
  end
  return {'ok'}
end
