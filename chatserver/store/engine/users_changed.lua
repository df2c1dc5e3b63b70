-- Read which users changed after a position in the stream of changes; if that position was trimmed, it may be anyone.
-- keys: {users}:changes
-- no-writes
-- args: position ('' if nothing had changed yet), how many to name when it may be anyone: those who changed last
-- answers: {'ok', new position, anyone (1 | 0), users}
return function(keys, args)
  local changes, place = keys[1], args[1]
  local now = last_change(changes)
  if place == now then return {'ok', now, 0, {}} end
  local users = changed_after(changes, place)
  if users then return {'ok', now, 0, users} end
  return {'ok', now, 1, changed_lately(changes, tonumber(args[2]))}
end
