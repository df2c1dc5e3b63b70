-- Read what a session needs of a user: profile, room pointers and blocks.
-- keys: {u} {u}:rooms {u}:blocked_by {u}:blocks
-- no-writes
-- answers: {'ok', profile flat, rooms flat, users who blocked them, users they blocked} or {'not_found'}
return function(keys)
  local profile = redis.call('HGETALL', keys[1])
  if #profile == 0 then return {'not_found'} end
  return {'ok', profile, redis.call('HGETALL', keys[2]), redis.call('HKEYS', keys[3]), redis.call('HKEYS', keys[4])}
end
