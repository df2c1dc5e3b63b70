-- What the people who run the community set in its page, and how many admins it has.
-- keys: {community} {community}:says {community}:admins
-- no-writes
-- answers: {'ok', fields and values flat, admins}
return function(keys)
  return {'ok', redis.call('HGETALL', keys[2]), redis.call('SCARD', keys[3])}
end
