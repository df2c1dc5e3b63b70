-- Get the invite link of a closed room: the existing one, or else the given new one. An empty new one withdraws the
-- link.
-- keys: {r} {r}:members
-- repeatable
-- args: actor, admin (1 | 0), new link
-- answers: {'ok', link} or {reason}
return function(keys, args)
  local meta, members = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local reason = refusal_to_moderate(room, member_of(members, args[1]), args[2] == '1')
  if reason then return {reason} end
  if room.kind ~= 'closed' then return {'not_closed'} end
  if args[3] == '' then
    redis.call('HDEL', meta, 'link')
  else
    redis.call('HSETNX', meta, 'link', args[3])
  end
  return {'ok', redis.call('HGET', meta, 'link') or ''}
end
