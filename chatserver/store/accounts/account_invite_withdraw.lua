-- Withdraw the code of a personal invitation, unless all who may use it have. Also works before account_invite_make ran.
-- keys: {i}
-- repeatable
-- args: when to forget it (ms since 1970)
-- answers: {'ok'} or {'used'}
return function(keys, args)
  local held = redis.call('HMGET', keys[1], 'uses', 'used')
  if held[1] and number_of(held[2]) >= tonumber(held[1]) then return {'used'} end
  redis.call('HSET', keys[1], 'ends_at', 1)
  redis.call('PEXPIREAT', keys[1], args[1])
  return {'ok'}
end
