-- Whether a user may send files to a room.
-- keys: {r} {r}:members {r}:tie
-- no-writes
-- args: user, now
-- answers: {'ok'} or {reason}
return function(keys, args)
  local room = meta_of(keys[1])
  if not room then return {'not_found'} end
  local member = member_of(keys[2], args[1])
  return refusal_to_send_files(room, member, keys[3], args[1], tonumber(args[2])) or {'ok'}
end
