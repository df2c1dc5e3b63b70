-- Move the read marker of a user's inbox forward; it never moves back.
-- keys: {u}
-- repeatable
-- allow-oom
-- args: seq
-- answers: {'ok', last seq, read seq} or {'not_found'}
return function(keys, args)
  local held = redis.call('HMGET', keys[1], 'handle', 'inbox_seq', 'inbox_read')
  if not held[1] then return {'not_found'} end
  local last, before = number_of(held[2]), number_of(held[3])
  local read = math.max(before, math.min(tonumber(args[1]), last))
  if read ~= before then
    redis.call('HSET', keys[1], 'inbox_read', read)
    publish(keys[1], 'inbox', last, read)
  end
  return {'ok', last, read}
end
