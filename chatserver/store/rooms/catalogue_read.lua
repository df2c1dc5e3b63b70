-- Read what changed in the index of open rooms after a position in its stream of changes. If that position is no longer
-- stored: all entries, or only those of window rooms.
-- keys: {rooms} {rooms}:changes {rooms}:windows
-- no-writes
-- large
-- args: position ('' at first), all (1 | 0)
-- answers: {'ok', new position, whether this is everything (1 | 0), rooms and their entries, flat}

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

local function entries_of(rooms, listed)
  local out = {}
  for i, room in ipairs(listed) do
    out[2 * i - 1], out[2 * i] = room, redis.call('HGET', rooms, room)
  end
  return out
end

return function(keys, args)
  local rooms, changes, windows, place = keys[1], keys[2], keys[3], args[1]
  local last = redis.call('XREVRANGE', changes, '+', '-', 'COUNT', 1)[1]
  local now = last and last[1] or ''
  if place ~= '' and #redis.call('XRANGE', changes, place, place) == 1 then
    return {'ok', now, 0, changed_since(rooms, redis.call('XRANGE', changes, '(' .. place, '+'))}
  end
  if args[2] == '1' then return {'ok', now, 1, redis.call('HGETALL', rooms)} end
  return {'ok', now, 1, entries_of(rooms, redis.call('SMEMBERS', windows))}
end
