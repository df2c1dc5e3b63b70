-- Claim a community that has no admin with its code, which works once.
-- keys: {community} {community}:admins {community}:done
-- repeatable
-- args: intent, now, user, digest of the code
-- answers: {'ok'} or {'not_found'}
return function(keys, args)
  local community, admins, done = unpack(keys)
  if redis.call('ZSCORE', done, args[1]) then return {'ok'} end
  if redis.call('SCARD', admins) > 0 or redis.call('HGET', community, 'claim') ~= args[4] then return {'not_found'} end
  done_before(done, args[1], tonumber(args[2]))
  redis.call('HDEL', community, 'claim')
  redis.call('SADD', admins, args[3])
  publish(community, 'admins')
  return {'ok'}
end
