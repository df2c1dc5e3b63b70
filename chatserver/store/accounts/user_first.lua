-- Claim the mark of a user's first message for one that is about to be sent, or give it back: of two that are sent at
-- once only one is the first. Counting the message (user_wrote.lua) ends the claim.
-- keys: {u}
-- repeatable
-- allow-oom
-- args: id of the message, whether it is claimed (1 | 0)
-- answers: {'ok', whether the message has the mark (1 | 0)} or {'not_found'}
return function(keys, args)
  local held = redis.call('HMGET', keys[1], 'handle', 'closed', 'wrote', 'first')
  if not held[1] or held[2] == '1' then return {'not_found'} end
  if args[2] == '0' then
    if held[4] == args[1] then redis.call('HDEL', keys[1], 'first') end
    return {'ok', 0}
  end
  if (held[3] or '') ~= '' or (held[4] and held[4] ~= args[1]) then return {'ok', 0} end
  redis.call('HSET', keys[1], 'first', args[1])
  return {'ok', 1}
end
