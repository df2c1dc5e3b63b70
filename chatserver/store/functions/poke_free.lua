-- Give a poke's place back, at once or at a time.
-- keys: {u}:pokes
-- repeatable
-- args: pair, poke, until when the place stays taken (0: free at once)
-- answers: {'ok'}
return function(keys, args)
  local pokes, pair, poke = keys[1], args[1], args[2]
  local held = redis.call('HGET', pokes, pair)
  if not held or string.match(held, ' (.*)$') ~= poke then return {'ok'} end
  if args[3] == '0' then
    redis.call('HDEL', pokes, pair)
  else
    redis.call('HSET', pokes, pair, args[3] .. ' ' .. poke)
  end
  return {'ok'}
end
