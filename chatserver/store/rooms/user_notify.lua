-- Set what notifies a user in a room: 'all', 'mentions' or 'none', for good or until a time. After that time the level
-- set for good holds again.
-- keys: {u} {u}:rooms
-- repeatable
-- args: room, level, until (ms; 0: for good), whether @everyone notifies ('': as it was, 1 | 0)
-- answers: {'ok', whether @everyone notifies} or {'not_a_member'}
return function(keys, args)
  local packed = redis.call('HGET', keys[2], args[1])
  local pointer = packed and cmsgpack.unpack(packed)
  if not pointer or pointer[2] ~= 1 then return {'not_a_member'} end
  local level, till = args[2], tonumber(args[3])
  pointer[5], pointer[6] = pointer[5] or 'all', pointer[6] or 1
  if args[4] ~= '' then pointer[6] = tonumber(args[4]) end
  if till == 0 then pointer[5] = level end
  pointer[7], pointer[8] = till, level
  redis.call('HSET', keys[2], args[1], cmsgpack.pack(pointer))
  publish_to_user(keys[1], 'room', args[1], 1)
  return {'ok', pointer[6]}
end
