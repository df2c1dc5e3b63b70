-- Release a handle, if this user holds it.
-- keys: {h}
-- repeatable
-- allow-oom
-- args: user
-- answers: {'ok'}
return function(keys, args)
  if redis.call('HGET', keys[1], 'user') == args[1] then redis.call('DEL', keys[1]) end
  return {'ok'}
end
