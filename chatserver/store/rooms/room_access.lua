-- Read a user's membership of a room and until when they are banned from it.
-- keys: {r} {r}:members {r}:bans
-- no-writes
-- args: user
-- answers: {'ok', record or '', banned until (ms, 0: no end) or ''}
return function(keys, args)
  return {'ok', redis.call('HGET', keys[2], args[1]) or '', redis.call('HGET', keys[3], args[1]) or ''}
end
