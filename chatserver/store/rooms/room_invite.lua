-- Invite a user into a room. With the invitation they can join a closed room without its link.
-- keys: {r} {r}:members {r}:invited
-- repeatable
-- args: actor, user
-- answers: {'ok'} or {reason}
return function(keys, args)
  local meta, members, invited = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local actor = member_of(members, args[1])
  if not actor or room.kind == 'direct' then return {outside(room)} end
  if room.kind == 'closed' then
    if not moderates(actor) then return {'not_a_moderator'} end
    redis.call('HSET', invited, args[2], args[1])
  end
  return {'ok'}
end
