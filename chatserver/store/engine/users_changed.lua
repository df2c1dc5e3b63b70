-- Who changed after a place in the stream of changes of users; where that place is gone it might be anyone.
-- keys: {users}:changes
-- no-writes
-- args: place ('' where nothing had changed yet)
-- answers: {'ok', place now, anyone (1 | 0), users}
return function(keys, args)
  local changes, place = keys[1], args[1]
  local last = redis.call('XREVRANGE', changes, '+', '-', 'COUNT', 1)[1]
  local now, users = last and last[1] or '', {}
  if place == now then return {'ok', now, 0, users} end
  if place == '' or #redis.call('XRANGE', changes, place, place) == 0 then return {'ok', now, 1, users} end
  for i, entry in ipairs(redis.call('XRANGE', changes, '(' .. place, '+')) do users[i] = entry[2][2] end
  return {'ok', now, 0, users}
end
