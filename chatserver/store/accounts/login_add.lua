-- Add a login. Deletes expired ones; if there are still too many, also deletes the least recently used sign-in.
-- keys: {u} {u}:logins
-- repeatable
-- args: now, login id, record, expected password hash ('' to skip the check), most logins of one user
-- answers: {'ok'}, {'not_found'}, {'suspended'}, {'changed'} or {'too_many'}

local function sweep(logins, now, most)
  local all, count, oldest, oldest_used = redis.call('HGETALL', logins), 0, nil, nil
  for i = 1, #all, 2 do
    local login = cmsgpack.unpack(all[i + 1])
    if login.e > 0 and login.e <= now then
      redis.call('HDEL', logins, all[i])
    else
      count = count + 1
      if login.k == 'browser' and (not oldest or login.u < oldest_used) then oldest, oldest_used = all[i], login.u end
    end
  end
  return count < most, oldest
end

return function(keys, args)
  local profile, logins = unpack(keys)
  local now, id, record, password, most = tonumber(args[1]), args[2], args[3], args[4], tonumber(args[5])
  local held = redis.call('HMGET', profile, 'handle', 'closed', 'suspended', 'password')
  if not held[1] or held[2] == '1' then return {'not_found'} end
  if held[3] == '1' then return {'suspended'} end
  if password ~= '' and held[4] ~= password then return {'changed'} end
  if redis.call('HEXISTS', logins, id) == 1 then return {'ok'} end
  local room, oldest = sweep(logins, now, most)
  if not room then
    if not oldest then return {'too_many'} end
    redis.call('HDEL', logins, oldest)
    publish(profile, 'auth', redis.call('HINCRBY', profile, 'auth', 1))
  end
  redis.call('HSET', logins, id, record)
  return {'ok'}
end
