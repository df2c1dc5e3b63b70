-- Add an invitation to the inviter's list, if they may have one more open. The list keeps about a hundred; the oldest
-- that is no longer open is dropped.
-- keys: {u}:invitations {u}:invitations_open
-- repeatable
-- args: id, now, ends_at, room, most open ones (0: no limit), how many may use it
-- answers: {'ok'} or {'too_many'}
local KEPT = 100

local function forget_oldest(list, open)
  local all, oldest, oldest_at = redis.call('HGETALL', list), nil, nil
  for i = 1, #all, 2 do
    local at = cmsgpack.unpack(all[i + 1])[1]
    if (not oldest or at < oldest_at) and not redis.call('ZSCORE', open, all[i]) then oldest, oldest_at = all[i], at end
  end
  if oldest then redis.call('HDEL', list, oldest) end
end

return function(keys, args)
  local list, open = unpack(keys)
  local id, now, ends_at, room, most = args[1], tonumber(args[2]), tonumber(args[3]), args[4], tonumber(args[5])
  if redis.call('HEXISTS', list, id) == 1 then return {'ok'} end
  if most > 0 and redis.call('ZCOUNT', open, '(' .. now, '+inf') >= most then return {'too_many'} end
  redis.call('ZREMRANGEBYSCORE', open, '-inf', now)
  if redis.call('HLEN', list) >= KEPT then forget_oldest(list, open) end
  redis.call('ZADD', open, ends_at, id)
  redis.call('HSET', list, id, cmsgpack.pack({now, ends_at, room, {}, false, tonumber(args[6])}))
  return {'ok'}
end
