-- Leave a room. If the last owner leaves, the moderator who joined first becomes owner, or else the member who did.
-- keys: {r} {r}:members {r}:ranks {r}:done {r}:handles {r}:mentions
-- repeatable
-- changes-numbers
-- allow-oom
-- args: intent, now, user
-- answers: {'ok', version, in, last_seq, epoch, role, members} or {reason}
return function(keys, args)
  local place, done, handles, mentions = place_of(keys), unpack(keys, 4)
  local intent, now, user = args[1], tonumber(args[2]), args[3]
  local room = meta_of(place.meta)
  if not room then return {'not_found'} end
  if redis.call('ZSCORE', done, intent) then return belonging(place, user) end
  if not member_of(place.members, user) then return {room.kind == 'open' and 'not_a_member' or 'not_found'} end
  if room.kind == 'direct' then return {'direct_room'} end

  done_before(done, intent, now)
  let_go(place, user)
  unname_member(handles, user)
  forget_mentions_of(mentions, user)
  return belonging(place, user)
end
