-- Read a file of a room, and what decides whether a user may see it.
-- keys: {r} {r}:members {r}:bans {r}:files
-- no-writes
-- args: user ('' for a visitor), file
-- answers: {'ok', what {r}:files holds of it, kind of the room, whether visitors may read it (1 | 0), whether it is
-- archived (1 | 0), the member's record or '', banned until (ms, 0: no end) or ''} or {'not_found'}
return function(keys, args)
  local held = redis.call('HMGET', keys[1], 'kind', 'window', 'archived')
  local file = redis.call('HGET', keys[4], args[2])
  if not held[1] or not file then return {'not_found'} end
  return {
    'ok', file, held[1], held[2] == '1' and 1 or 0, held[3] == '1' and 1 or 0,
    redis.call('HGET', keys[2], args[1]) or '', redis.call('HGET', keys[3], args[1]) or '',
  }
end
