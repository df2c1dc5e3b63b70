-- Set a user's pointer to a room. The room's version decides, so a late repeat of an older step changes nothing. The
-- pointer to a room that was left stays, to remember that version.
-- keys: {u} {u}:rooms
-- repeatable
-- allow-oom
-- args: room, version, in (1 | 0), read_seq, epoch
-- answers: {'ok'}, {'not_found'}, or {'closed'} if a closed account joined
return function(keys, args)
  local room, version, inside = args[1], tonumber(args[2]), tonumber(args[3])
  if redis.call('EXISTS', keys[1]) == 0 then return {'not_found'} end
  if inside == 1 and redis.call('HGET', keys[1], 'closed') == '1' then return {'closed'} end
  local packed = redis.call('HGET', keys[2], room)
  local pointer = packed and cmsgpack.unpack(packed)
  if pointer and pointer[1] >= version then return {'ok'} end
  if pointer and pointer[2] == 1 and inside == 1 then
    pointer[1] = version
  else
    pointer = {version, inside, tonumber(args[4]), args[5], pointer and pointer[5] or 'all'}
  end
  redis.call('HSET', keys[2], room, cmsgpack.pack(pointer))
  tell_user(keys[1], 'room', room, inside)
  return {'ok'}
end
