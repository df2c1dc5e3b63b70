-- Update a room's entry in the index of open rooms. The room's version decides, so a late repeat of an older step
-- changes nothing. Window rooms, which visitors can read, are also kept in a set of their own.
-- keys: {rooms} {rooms}:changes {rooms}:windows
-- repeatable
-- args: room, version, entry (a MessagePack array: version, …, window in place 7, …, archived in place 10)
-- answers: {'ok'}
return function(keys, args)
  local rooms, changes, windows = unpack(keys)
  local known = redis.call('HGET', rooms, args[1])
  if known and cmsgpack.unpack(known)[1] >= tonumber(args[2]) then return {'ok'} end
  redis.call('HSET', rooms, args[1], args[3])
  local entry = cmsgpack.unpack(args[3])
  redis.call(entry[7] and not entry[10] and 'SADD' or 'SREM', windows, args[1])
  redis.call('XADD', changes, 'MAXLEN', '~', 1000, '*', 'room', args[1])
  publish(rooms, 'put', args[1])
  return {'ok'}
end
