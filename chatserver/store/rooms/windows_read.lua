-- Read what changed in the list of open rooms after a position in its stream of changes, for whoever shows window
-- rooms. If that position is no longer stored: the entries of all window rooms.
-- keys: {rooms} {rooms}:changes {rooms}:windows
-- no-writes
-- large
-- args: position ('' at first)
-- answers: {'ok', new position, whether this is everything (1 | 0), rooms and their entries ('' for none), flat}
return function(keys, args)
  local rooms, changes, windows = unpack(keys)
  local changed, out, seen = changed_after(changes, args[1]), {}, {}
  for _, room in ipairs(changed or redis.call('SMEMBERS', windows)) do
    if not seen[room] then
      seen[room] = true
      out[#out + 1] = room
      out[#out + 1] = redis.call('HGET', rooms, room) or ''
    end
  end
  return {'ok', last_change(changes), changed and 0 or 1, out}
end
