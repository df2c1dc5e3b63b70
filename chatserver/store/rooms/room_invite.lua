-- Invite a user into a room. With the invitation they can join a closed room without its link, for 30 days; the latest
-- 1,000 are kept.
-- keys: {r} {r}:members {r}:invited
-- repeatable
-- args: actor, user, now
-- answers: {'ok'} or {reason}
local KEPT = 1000

return function(keys, args)
  local meta, members, invited = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local actor = member_of(members, args[1])
  if not actor or room.kind == 'direct' then return {outside(room)} end
  if room.kind == 'closed' then
    if not moderates(actor) then return {'not_a_moderator'} end
    redis.call('ZREMRANGEBYSCORE', invited, '-inf', args[3] - INVITED_MS)
    redis.call('ZADD', invited, args[3], args[2])
    redis.call('ZREMRANGEBYRANK', invited, 0, -1 - KEPT)
  end
  return {'ok'}
end
