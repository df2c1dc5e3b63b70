-- Add a bot to its owner's list, if the owner has fewer than the limit.
-- keys: {u} {u}:bots
-- repeatable
-- args: bot, now, most bots of one user
-- answers: {'ok'}, {'not_found'} or {'too_many_bots'}
return function(keys, args)
  local profile, bots = unpack(keys)
  local bot, now, most = args[1], args[2], tonumber(args[3])
  local owner = redis.call('HMGET', profile, 'handle', 'closed')
  if not owner[1] or owner[2] == '1' then return {'not_found'} end
  if redis.call('HEXISTS', bots, bot) == 1 then return {'ok'} end
  if redis.call('HLEN', bots) >= most then return {'too_many_bots'} end
  redis.call('HSET', bots, bot, now)
  return {'ok'}
end
