-- Set a password, and end the logins that were made with the old one. If all logins end, the places that the user
-- signed in from count as unknown again.
-- keys: {u} {u}:logins {u}:known
-- repeatable
-- allow-oom
-- args: field to check ('password', 'recovery' or '' for none), its expected value, new password hash, new recovery
-- digest ('' keeps it), kind of the logins to end ('' for all, '-' for none), login to keep ('' for none)
-- answers: {'ok'}, {'not_found'} or {'changed'}

local function end_logins(logins, kind, staying)
  local all = redis.call('HGETALL', logins)
  for i = 1, #all, 2 do
    if all[i] ~= staying and (kind == '' or cmsgpack.unpack(all[i + 1]).k == kind) then
      redis.call('HDEL', logins, all[i])
    end
  end
end

return function(keys, args)
  local profile, logins, known = unpack(keys)
  local field, must, password, recovery, kind, staying = unpack(args)
  local held = redis.call('HMGET', profile, 'handle', 'closed', 'password')
  if not held[1] or held[2] == '1' then return {'not_found'} end
  if held[3] == password then return {'ok'} end
  if field ~= '' and redis.call('HGET', profile, field) ~= must then return {'changed'} end
  redis.call('HSET', profile, 'password', password)
  if recovery ~= '' then redis.call('HSET', profile, 'recovery', recovery) end
  if kind == '-' then return {'ok'} end
  end_logins(logins, kind, staying)
  if kind == '' then redis.call('DEL', known) end
  publish(profile, 'auth', redis.call('HINCRBY', profile, 'auth', 1))
  return {'ok'}
end
