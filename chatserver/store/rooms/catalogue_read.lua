-- What changed in the catalogue after a place in its stream of changes, or all of it where that place is gone.
-- keys: {rooms} {rooms}:changes
-- no-writes
-- args: place ('' at first)
-- answers: {'ok', place now, whole (1 | 0), rooms and their entries, flat}

local function changed_since(rooms, entries)
  local out, seen = {}, {}
  for _, entry in ipairs(entries) do
    local room = entry[2][2]
    if not seen[room] then
      seen[room] = true
      out[#out + 1] = room
      out[#out + 1] = redis.call('HGET', rooms, room) or ''
    end
  end
  return out
end

return function(keys, args)
  local rooms, changes, place = keys[1], keys[2], args[1]
  local last = redis.call('XREVRANGE', changes, '+', '-', 'COUNT', 1)[1]
  local now = last and last[1] or ''
  if place ~= '' and #redis.call('XRANGE', changes, place, place) == 1 then
    return {'ok', now, 0, changed_since(rooms, redis.call('XRANGE', changes, '(' .. place, '+'))}
  end
  return {'ok', now, 1, redis.call('HGETALL', rooms)}
end
