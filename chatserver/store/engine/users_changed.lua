-- Read which users changed after a position in the stream of changes; if that position was trimmed, it may be anyone.
-- keys: {users}:changes
-- no-writes
-- args: position ('' if nothing had changed yet), how many to name when it may be anyone: those who changed last
-- answers: {'ok', new position, anyone (1 | 0), users}
return function(keys, args)
  local changes, place = keys[1], args[1]
  local last = redis.call('XREVRANGE', changes, '+', '-', 'COUNT', 1)[1]
  local now, users = last and last[1] or '', {}
  if place == now then return {'ok', now, 0, users} end
  if place == '' or #redis.call('XRANGE', changes, place, place) == 0 then
    if tonumber(args[2]) > 0 then
      for i, entry in ipairs(redis.call('XREVRANGE', changes, '+', '-', 'COUNT', args[2])) do users[i] = entry[2][2] end
    end
    return {'ok', now, 1, users}
  end
  for i, entry in ipairs(redis.call('XRANGE', changes, '(' .. place, '+')) do users[i] = entry[2][2] end
  return {'ok', now, 0, users}
end
