-- Replace the recovery code, if the password and the old code are still those that were read. Ends no login.
-- keys: {u}
-- repeatable
-- args: expected password hash, expected digest of the old code, digest of the new code
-- answers: {'ok'}, {'not_found'}, {'changed'} or {'code_changed'}
return function(keys, args)
  local held = redis.call('HMGET', keys[1], 'handle', 'closed', 'password', 'recovery')
  if not held[1] or held[2] == '1' then return {'not_found'} end
  if held[4] == args[3] then return {'ok'} end
  if held[3] ~= args[1] then return {'changed'} end
  if (held[4] or '') ~= args[2] then return {'code_changed'} end
  redis.call('HSET', keys[1], 'recovery', args[3])
  return {'ok'}
end
