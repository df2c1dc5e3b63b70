-- Close an account: delete its profile and its logins. What remains is a mark that it is closed, and the list of its
-- bots, which the caller closes next; a closed account can make no more bots.
-- keys: {u} {u}:logins {u}:card {u}:known {u}:quota
-- repeatable
-- allow-oom
-- args: now, expected password hash ('' to skip the check)
-- answers: {'ok'}, {'not_found'} or {'changed'}
return function(keys, args)
  local profile, logins, card, known, quota = unpack(keys)
  local held = redis.call('HMGET', profile, 'handle', 'closed', 'password')
  if not held[1] then return {'not_found'} end
  if held[2] == '1' then return {'ok'} end
  if args[2] ~= '' and held[3] ~= args[2] then return {'changed'} end
  redis.call('HDEL', profile, 'password', 'recovery', 'headline', 'owner', 'admin', 'suspended', 'named_at', 'about',
    'for_friends', 'interests', 'languages', 'home_town', 'time_zone', 'shown_rooms', 'presence', 'findable',
    'listable', 'trusted', 'wrote', 'first', 'greets', 'avatar',
    'avatar_at', 'avatar_since', 'avatar_changes')
  redis.call('HSET', profile, 'handle', '', 'name', '', 'closed', 1, 'closed_at', args[1])
  redis.call('DEL', logins, card, known, quota)
  publish(profile, 'auth', redis.call('HINCRBY', profile, 'auth', 1))
  return {'ok'}
end
