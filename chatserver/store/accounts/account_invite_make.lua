-- Activate the code of a personal invitation. Does nothing if it was withdrawn or used meanwhile.
-- keys: {i}
-- repeatable
-- args: made_at, ends_at, by, room, when to forget it (ms since 1970), how many may use it
-- answers: {'ok'}
return function(keys, args)
  local made_at, ends_at, by, room, forget_at, uses = unpack(args)
  if redis.call('EXISTS', keys[1]) == 1 then return {'ok'} end
  redis.call('HSET', keys[1], 'made_at', made_at, 'ends_at', ends_at, 'by', by, 'room', room, 'uses', uses)
  redis.call('PEXPIREAT', keys[1], forget_at)
  return {'ok'}
end
