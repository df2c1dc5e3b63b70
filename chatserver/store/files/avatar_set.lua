-- Set a user's picture, or take it away. The one before is removed with the step.
-- keys: {u} {u}:files {u}:files:gone
-- repeatable
-- args: now, file ('' for none), most changes within a day
-- answers: {'ok', {file, who sent it, …} of all files here whose bytes must be erased}, {'not_found'}, {'no_such_file'} or
-- {'too_often', when the first of these changes was}

local DAY_MS = 86400000

return function(keys, args)
  local profile, files, gone = keys[1], keys[2], keys[3]
  local now, id = tonumber(args[1]), args[2]
  local held = redis.call('HMGET', profile, 'handle', 'closed', 'avatar', 'avatar_since', 'avatar_changes', 'avatar_at')
  local before = held[3] or ''
  if not held[1] or held[2] == '1' then return {'not_found'} end
  if before == id then return {'ok', redis.call('HGETALL', gone)} end
  local file = id ~= '' and file_at(files, id)
  if id ~= '' and not file then return {'no_such_file'} end
  local since, changes = number_of(held[4]), number_of(held[5])
  if now >= since + DAY_MS then since, changes = now, 0 end
  if changes >= tonumber(args[3]) then return {'too_often', since} end

  redis.call('HSET', profile, 'avatar', id, 'avatar_since', since, 'avatar_changes', changes + 1, 'avatar_at', now)
  if file then
    file.s = 1
    redis.call('HSET', files, id, cmsgpack.pack(file))
  end
  if before ~= '' then remove_file(files, gone, before, '') end
  publish_to_user(profile, 'profile')
  return {'ok', redis.call('HGETALL', gone)}
end
