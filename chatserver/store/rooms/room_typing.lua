-- Publish that a member of the room is typing.
-- keys: {r} {r}:members {r}:topics
-- repeatable
-- args: user, then the line, if it was said: a topic, or '' for the main line
-- answers: {'ok'} or {'no_such_topic'}
return function(keys, args)
  local user, line = args[1], args[2]
  if line and line ~= '' and redis.call('HEXISTS', keys[3], line) == 0 then return {'no_such_topic'} end
  if redis.call('HEXISTS', keys[2], user) == 1 then publish(keys[1], 't', user, line) end
  return {'ok'}
end
