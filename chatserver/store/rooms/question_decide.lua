-- Make a question that of a room, if the room still has the one that was read.
-- keys: {community}:question_now
-- repeatable
-- args: room, what was read ('' for none), what it is to be
-- answers: {'ok', what it is now}
return function(keys, args)
  local held = redis.call('HGET', keys[1], args[1])
  if (held or '') ~= args[2] then return {'ok', held or args[3]} end
  redis.call('HSET', keys[1], args[1], args[3])
  return {'ok', args[3]}
end
