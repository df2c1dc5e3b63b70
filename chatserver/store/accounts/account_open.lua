-- Create a user with a first login. Does nothing if the user exists.
-- keys: {u} {u}:logins
-- repeatable
-- args: login id ('' for none), login record, then profile fields and values
-- answers: {'ok'}
return function(keys, args)
  local profile, logins = unpack(keys)
  if redis.call('EXISTS', profile) == 1 then return {'ok'} end
  redis.call('HSET', profile, unpack(args, 3))
  if args[1] ~= '' then redis.call('HSET', logins, args[1], args[2]) end
  return {'ok'}
end
