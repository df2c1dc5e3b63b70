-- Set the community's icon, or take it away. The one before is removed with the step.
-- keys: {community} {community}:says {community}:log {community}:done {community}:files {community}:files:gone
-- repeatable
-- args: id of the act, now, note of it, file ('' for none)
-- answers: {'ok', {file, who sent it, …} of all files here whose bytes must be erased} or {'no_such_file'}
return function(keys, args)
  local says, files, gone, id = keys[2], keys[5], keys[6], args[4]
  local before = redis.call('HGET', says, 'icon') or ''
  if before == id then return {'ok', redis.call('HGETALL', gone)} end
  local file = id ~= '' and file_at(files, id)
  if id ~= '' and not file then return {'no_such_file'} end

  redis.call('HSET', says, 'icon', id)
  if file then
    file.s = 1
    redis.call('HSET', files, id, cmsgpack.pack(file))
  end
  local old = file_at(files, before)
  if old then remove_file(files, gone, before, old.u) end
  note_act(keys[3], keys[4], args[1], tonumber(args[2]), args[3])
  publish(keys[1], 'says')
  return {'ok', redis.call('HGETALL', gone)}
end
