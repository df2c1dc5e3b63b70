-- Set a user's pointer to a room. The room's version decides, so a late repeat of an older step changes nothing. The
-- pointer to a room that was left stays for a day, to remember that version.
-- keys: {u} {u}:rooms {u}:gone
-- repeatable
-- allow-oom
-- args: room, version, in (1 | 0), read_seq, epoch, what notifies the user if the room is new to them
-- answers: {'ok'}, {'not_found'}, or {'closed'} if a closed account joined
local function note_gone(rooms, gone, room, inside)
  if inside == 1 then return redis.call('ZREM', gone, room) end
  local now = tonumber(redis.call('TIME')[1])
  redis.call('ZADD', gone, now, room)
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', gone, '-inf', now - DONE_SECONDS, 'LIMIT', 0, 100)) do
    redis.call('ZREM', gone, old)
    redis.call('HDEL', rooms, old)
  end
end

return function(keys, args)
  local room, version, inside = args[1], tonumber(args[2]), tonumber(args[3])
  if redis.call('EXISTS', keys[1]) == 0 then return {'not_found'} end
  local closed = redis.call('HGET', keys[1], 'closed') == '1'
  if inside == 1 and closed then return {'closed'} end
  local packed = redis.call('HGET', keys[2], room)
  local pointer = packed and cmsgpack.unpack(packed)
  if pointer and pointer[1] >= version or not pointer and closed then return {'ok'} end
  if pointer and pointer[2] == 1 and inside == 1 then
    pointer[1] = version
  else
    local level, everyone = pointer and pointer[5] or args[6], pointer and pointer[6] or 1
    local levels = pointer and pointer[10] or ''
    pointer = {version, inside, tonumber(args[4]), args[5], level, everyone}
    if levels ~= '' then with_all(pointer)[10] = levels end
  end
  redis.call('HSET', keys[2], room, cmsgpack.pack(pointer))
  note_gone(keys[2], keys[3], room, inside)
  publish_to_user(keys[1], 'room', room, inside)
  return {'ok'}
end
