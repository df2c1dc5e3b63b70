-- Move the read marker of a user's inbox forward; it never moves back.
-- keys: {u} {u}:quiet {u}:calls
-- repeatable
-- allow-oom
-- args: seq
-- answers: {'ok', last seq, unread} or {'not_found'}
return function(keys, args)
  local held = redis.call('HMGET', keys[1], 'handle', 'inbox_seq', 'inbox_read', 'inbox_quiet')
  if not held[1] then return {'not_found'} end
  local last, before, quiet = number_of(held[2]), number_of(held[3]), number_of(held[4])
  local read = math.max(before, math.min(tonumber(args[1]), last))
  if read ~= before then
    redis.call('ZREMRANGEBYSCORE', keys[2], '-inf', read)
    if read == last then redis.call('DEL', keys[3]) end
    quiet = redis.call('ZCARD', keys[2])
    redis.call('HSET', keys[1], 'inbox_read', read, 'inbox_quiet', quiet)
    publish(keys[1], 'inbox', last, read, quiet)
  end
  return {'ok', last, last - read - quiet}
end
