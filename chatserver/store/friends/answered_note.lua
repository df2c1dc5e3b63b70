-- Remember that a user answered or reacted to somebody's message: who may say hi to them, if they let only such people.
-- keys: {u} {u}:answered
-- repeatable
-- args: whose message it was, now, how many people to keep (the latest)
-- answers: {'ok'} or {'not_found'}
return function(keys, args)
  local profile, answered = unpack(keys)
  if is_closed(profile) then return {'not_found'} end
  redis.call('ZADD', answered, args[2], args[1])
  redis.call('ZREMRANGEBYRANK', answered, 0, -1 - tonumber(args[3]))
  return {'ok'}
end
