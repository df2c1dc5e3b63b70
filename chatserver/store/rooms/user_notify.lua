-- Set what notifies a user in a room: 'all', 'mentions' or 'none'.
-- keys: {u} {u}:rooms
-- repeatable
-- args: room, level
-- answers: {'ok'} or {'not_a_member'}
return function(keys, args)
  local packed = redis.call('HGET', keys[2], args[1])
  local pointer = packed and cmsgpack.unpack(packed)
  if not pointer or pointer[2] ~= 1 then return {'not_a_member'} end
  pointer[5] = args[2]
  redis.call('HSET', keys[2], args[1], cmsgpack.pack(pointer))
  tell_user(keys[1], 'room', args[1], 1)
  return {'ok'}
end
