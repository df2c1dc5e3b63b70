-- Set another recovery code, where the password is still the one that was proven. No login ends.
-- keys: {u}
-- repeatable
-- args: password hash that must hold, digest of the new code
-- answers: {'ok'}, {'not_found'} or {'changed'}
return function(keys, args)
  local held = redis.call('HMGET', keys[1], 'handle', 'closed', 'password')
  if not held[1] or held[2] == '1' then return {'not_found'} end
  if held[3] ~= args[1] then return {'changed'} end
  redis.call('HSET', keys[1], 'recovery', args[2])
  return {'ok'}
end
