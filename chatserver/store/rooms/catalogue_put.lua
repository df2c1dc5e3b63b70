-- Say in the catalogue of open rooms what a room says of itself. The room's version decides, so that a late repeat of
-- an older step changes nothing.
-- keys: {rooms} {rooms}:changes
-- repeatable
-- args: room, version, entry (a MessagePack array that begins with the version)
-- answers: {'ok'}
return function(keys, args)
  local known = redis.call('HGET', keys[1], args[1])
  if known and cmsgpack.unpack(known)[1] >= tonumber(args[2]) then return {'ok'} end
  redis.call('HSET', keys[1], args[1], args[3])
  redis.call('XADD', keys[2], 'MAXLEN', '~', 1000, '*', 'room', args[1])
  tell(keys[1], 'put', args[1])
  return {'ok'}
end
