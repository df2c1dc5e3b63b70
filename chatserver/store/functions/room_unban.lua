-- A moderator lets a banned user come back. Unbanning someone who is not banned changes nothing.
-- keys: {r} {r}:members {r}:bans
-- repeatable
-- args: actor, admin (1 | 0), user
-- answers: {'ok'} or {reason}
return function(keys, args)
  local meta, members, bans = unpack(keys)
  local room = standing(meta)
  if not room then return {'not_found'} end
  local reason = refusal_to_moderate(room, member_of(members, args[1]), args[2] == '1')
  if reason then return {reason} end
  redis.call('HDEL', bans, args[3])
  return {'ok'}
end
