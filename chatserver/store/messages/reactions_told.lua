-- Note that a message's author was told that people react to it.
-- keys: {r} {r}:log
-- repeatable
-- args: seq
-- answers: {'ok'}
return function(keys, args)
  if redis.call('XRANGE', keys[2], args[1] .. '-0', args[1] .. '-0')[1] then
    redis.call('HSET', reactions_key(keys[1], args[1]), TOLD, 1)
  end
  return {'ok'}
end
