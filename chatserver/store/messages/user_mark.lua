-- Move read markers forward, never back within an epoch. A marker of an older epoch counts only up to the last number
-- that both epochs share. A marker that was in flight while a conversation was hidden still counts.
-- keys: {u} {u}:rooms
-- repeatable
-- allow-oom
-- args: origin (the connection that moved it), then four for each: room, epoch, seq, shared
-- answers: {'ok', read_seq of the last room or -1 if the user is not in it}
return function(keys, args)
  local rooms, read = keys[2], -1
  for i = 2, #args, 4 do
    local room, epoch, seq, shared = args[i], args[i + 1], tonumber(args[i + 2]), tonumber(args[i + 3])
    local packed = redis.call('HGET', rooms, room)
    local pointer = packed and cmsgpack.unpack(packed)
    read = -1
    if pointer then
      local before = pointer[3]
      if pointer[4] ~= epoch then before = math.min(before, shared) end
      local moved = math.max(before, seq)
      if moved ~= pointer[3] or pointer[4] ~= epoch then
        pointer[3], pointer[4] = moved, epoch
        redis.call('HSET', rooms, room, cmsgpack.pack(pointer))
        publish_to_user(keys[1], 'read', room, epoch, moved, args[1])
      end
      if pointer[2] == 1 then read = moved end
    end
  end
  return {'ok', read}
end
