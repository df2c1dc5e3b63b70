-- Add an item to a user's inbox. A repeat adds nothing. A quiet item is never counted as unread.
-- keys: {u} {u}:inbox {u}:done
-- repeatable
-- allow-oom
-- args: name of the item (a second item of the same name is a repeat), now, item, how many items to keep, quiet (1 | 0)
-- answers: {'ok', seq (0: a repeat)} or {'not_found'}
return function(keys, args)
  local profile, inbox, done = unpack(keys)
  local name, now, item, quiet = args[1], tonumber(args[2]), args[3], args[5] == '1'
  local held = redis.call('HMGET', profile, 'handle', 'closed')
  if not held[1] or held[2] == '1' then return {'not_found'} end
  if done_before(done, name, now) then return {'ok', 0} end
  local seq = redis.call('HINCRBY', profile, 'inbox_seq', 1)
  if quiet then redis.call('HINCRBY', profile, 'inbox_quiet', 1) end
  redis.call('XADD', inbox, 'MAXLEN', '~', args[4], seq .. '-0', 'i', item, 't', now, 'q', quiet and 1 or 0)
  publish(profile, 'item', seq, now, item, quiet and 1 or 0)
  return {'ok', seq}
end
