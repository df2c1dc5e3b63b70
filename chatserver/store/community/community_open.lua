-- Read what admins set on the page, and how many admins there are.
-- keys: {community} {community}:says {community}:admins
-- no-writes
-- answers: {'ok', fields and values flat, number of admins}
return function(keys)
  return {'ok', redis.call('HGETALL', keys[2]), redis.call('SCARD', keys[3])}
end
