-- Read which open rooms changed after a position in their stream of changes. If that position was trimmed, or none is
-- given, it may be any.
-- keys: {rooms} {rooms}:changes
-- no-writes
-- args: position ('' if none is known), how many to name when it may be any: all rooms if they are no more, else those
-- that changed last
-- answers: {'ok', new position ('0-0' if nothing changed yet), any (1 | 0), rooms}
return function(keys, args)
  local rooms, changes, place, most = keys[1], keys[2], args[1], tonumber(args[2])
  local now = last_change(changes)
  if now == '' then now = '0-0' end
  if place == now then return {'ok', now, 0, {}} end
  local found = changed_after(changes, place)
  if found then return {'ok', now, 0, found} end
  if redis.call('HLEN', rooms) <= most then return {'ok', now, 1, redis.call('HKEYS', rooms)} end
  return {'ok', now, 1, changed_lately(changes, most)}
end
