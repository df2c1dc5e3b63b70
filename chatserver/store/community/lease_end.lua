-- Release the host's lease, if this process holds it.
-- keys: {c}:host
-- repeatable
-- args: process
-- answers: {'ok'}
return function(keys, args)
  if redis.call('GET', keys[1]) == args[1] then redis.call('DEL', keys[1]) end
  return {'ok'}
end
