-- Read the tie of two users and the end of their room's log, in one step.
-- keys: {r} {r}:tie
-- no-writes
-- args: the two users
-- answers: {'ok', version, tie or '', days of the first, days of the second, epoch or '', last seq}
return function(keys, args)
  local tie = redis.call('HMGET', keys[2], 'version', 'tie', 'days:' .. args[1], 'days:' .. args[2])
  local room = redis.call('HMGET', keys[1], 'epoch', 'seq')
  return {'ok', number_of(tie[1]), tie[2] or '', tie[3] or '', tie[4] or '', room[1] or '', number_of(room[2])}
end
