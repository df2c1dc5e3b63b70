-- Update lines of a user's card; other lines stay.
-- keys: {u} {u}:card
-- repeatable
-- args: fields and values
-- answers: {'ok', {field, value, ...}} or {'not_found'}
return function(keys, args)
  local profile, card = unpack(keys)
  local held = redis.call('HMGET', profile, 'handle', 'closed')
  if not held[1] or held[2] == '1' then return {'not_found'} end
  if #args > 0 then redis.call('HSET', card, unpack(args)) end
  return {'ok', redis.call('HGETALL', card)}
end
