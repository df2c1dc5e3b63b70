-- Withdraw the code of a personal invitation, unless somebody has used it. Also works before account_invite_make ran.
-- keys: {i}
-- repeatable
-- args: when to forget it (ms since 1970)
-- answers: {'ok'} or {'used', by whom}
return function(keys, args)
  local used_by = redis.call('HGET', keys[1], 'used_by')
  if used_by then return {'used', used_by} end
  redis.call('HSET', keys[1], 'ends_at', 1)
  redis.call('PEXPIREAT', keys[1], args[1])
  return {'ok'}
end
