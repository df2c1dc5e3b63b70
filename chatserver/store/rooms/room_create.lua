-- Create a room. If it exists, change nothing and return the owner's current membership.
-- keys: {r} {r}:members {r}:ranks {r}:handles
-- repeatable
-- changes-numbers
-- args: now, owner ('' for a room of the community), whether the owner is a bot (1 | 0), its handle, then meta fields
-- and values
-- answers: {'ok', version, in, last_seq, epoch, role, members} of the owner
return function(keys, args)
  local place, handles = place_of(keys), keys[4]
  local now, owner, bot = tonumber(args[1]), args[2], tonumber(args[3])
  if redis.call('EXISTS', place.meta) == 0 then
    redis.call('HSET', place.meta, unpack(args, 5))
    if owner ~= '' then
      let_in(place, owner, 'owner', bot, now)
      name_member(handles, owner, args[4])
    end
  end
  return belonging(place, owner)
end
