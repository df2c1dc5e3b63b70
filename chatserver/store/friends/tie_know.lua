-- Update what one of two users holds of their tie: the other in their list, the pointer to the room, blocks. The tie's
-- version decides, so a late repeat of an older step changes nothing.
-- keys: {u} {u}:ties {u}:rooms {u}:blocks {u}:blocked_by
-- repeatable
-- allow-oom
-- args: other user, version, room, in (1 | 0, or -1 if there is no room yet), read_seq, epoch, blocks (1 | 0),
-- is blocked (1 | 0)
-- answers: {'ok'} or {'not_found'}

local function point(rooms, profile, args)
  local room, version, inside = args[3], tonumber(args[2]), tonumber(args[4])
  local packed = redis.call('HGET', rooms, room)
  local pointer = packed and cmsgpack.unpack(packed)
  if pointer and pointer[2] == 1 and inside == 1 then
    pointer[1] = version
  elseif inside == 0 then
    if not pointer or pointer[2] == 0 then return end
    pointer[1], pointer[2] = version, 0
  else
    pointer = {version, inside, tonumber(args[5]), args[6], pointer and pointer[5] or 'all'}
  end
  redis.call('HSET', rooms, room, cmsgpack.pack(pointer))
  publish_to_user(profile, 'room', room, inside)
end

local function mark(set, other, on)
  if on == '1' then return redis.call('HSET', set, other, 1) end
  return redis.call('HDEL', set, other)
end

return function(keys, args)
  local profile, ties, rooms, blocks, blocked_by = unpack(keys)
  local held = redis.call('HMGET', profile, 'handle', 'closed')
  if not held[1] then return {'not_found'} end
  if held[2] == '1' then return {'ok'} end
  local version = tonumber(args[2])
  if number_of(redis.call('HGET', ties, args[1])) >= version then return {'ok'} end
  redis.call('HSET', ties, args[1], version)
  local changed = mark(blocks, args[1], args[7]) + mark(blocked_by, args[1], args[8])
  if tonumber(args[4]) >= 0 then point(rooms, profile, args) end
  if changed > 0 then publish_to_user(profile, 'room', args[3], 0) end
  return {'ok'}
end
