-- Lift a ban; for moderators. Does nothing if the user is not banned.
-- keys: {r} {r}:members {r}:bans {r}:done
-- repeatable
-- allow-oom
-- args: intent, now, actor, admin (1 | 0), user
-- answers: {'ok'} or {reason}
return function(keys, args)
  local meta, members, bans, done = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  if redis.call('ZSCORE', done, args[1]) then return {'ok'} end
  local reason = refusal_to_moderate(room, member_of(members, args[3]), args[4] == '1')
  if reason then return {reason} end
  done_before(done, args[1], tonumber(args[2]))
  redis.call('HDEL', bans, args[5])
  return {'ok'}
end
