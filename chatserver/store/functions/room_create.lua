-- Make a room. A repeat finds it made and says what is true of its owner now.
-- keys: {r} {r}:members {r}:left
-- repeatable
-- args: now, owner ('' for a room of the house), whether the owner is a bot (1 | 0), then meta fields and values
-- answers: {'ok', version, in, last_seq, epoch, role, members} of the owner
return function(keys, args)
  local meta, members, left = unpack(keys)
  local now, owner, bot = tonumber(args[1]), args[2], tonumber(args[3])
  if redis.call('EXISTS', meta) == 0 then
    redis.call('HSET', meta, unpack(args, 4))
    if owner ~= '' then let_in(meta, members, left, owner, 'owner', bot, now) end
  end
  return belonging(meta, members, left, owner)
end
