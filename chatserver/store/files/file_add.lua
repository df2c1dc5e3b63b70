-- Add a finished file to its room. A repeat changes nothing.
-- keys: {r} {r}:members {r}:tie {r}:files {r}:files:gone
-- repeatable
-- args: user, now, file, what {r}:files holds of it
-- answers: {'ok', what {r}:files holds of it} or {reason}
return function(keys, args)
  local files, gone = keys[4], keys[5]
  local user, id = args[1], args[3]
  local room = meta_of(keys[1])
  if not room then return {'not_found'} end
  local refusal = refusal_to_send_files(room, member_of(keys[2], user), keys[3], user, tonumber(args[2]))
  if refusal then return refusal end
  if redis.call('HEXISTS', gone, id) == 1 then return {'no_such_file', 0} end
  redis.call('HSETNX', files, id, args[4])
  return {'ok', redis.call('HGET', files, id)}
end
