-- Set what the house says of itself.
-- keys: {house} {house}:says
-- repeatable
-- args: fields and values
-- answers: {'ok'}
return function(keys, args)
  redis.call('HSET', keys[2], unpack(args))
  tell(keys[1], 'says')
  return {'ok'}
end
