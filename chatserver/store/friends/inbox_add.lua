-- Add an item to a user's inbox. A repeat adds nothing.
-- keys: {u} {u}:inbox {u}:done
-- repeatable
-- allow-oom
-- args: name of the item (a second item of the same name is a repeat), now, item, how many items to keep
-- answers: {'ok', seq (0: a repeat)} or {'not_found'}
return function(keys, args)
  local profile, inbox, done = unpack(keys)
  local name, now, item = args[1], tonumber(args[2]), args[3]
  local held = redis.call('HMGET', profile, 'handle', 'closed')
  if not held[1] or held[2] == '1' then return {'not_found'} end
  if done_before(done, name, now) then return {'ok', 0} end
  local seq = redis.call('HINCRBY', profile, 'inbox_seq', 1)
  redis.call('XADD', inbox, 'MAXLEN', '~', args[4], seq .. '-0', 'i', item, 't', now)
  publish(profile, 'item', seq, now, item)
  return {'ok', seq}
end
