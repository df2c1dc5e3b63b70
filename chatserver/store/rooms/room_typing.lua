-- Publish that a member of the room is typing.
-- keys: {r} {r}:members
-- repeatable
-- args: user
-- answers: {'ok'}
return function(keys, args)
  if redis.call('HEXISTS', keys[2], args[1]) == 1 then publish(keys[1], 't', args[1]) end
  return {'ok'}
end
