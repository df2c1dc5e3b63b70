-- Delete a message: remove its record and its files, and store a tombstone in its place.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:members {r}:done {r}:files:gone {r}:mentions {r}:scrub {r}:reacted {r}:pins {r}:gone {r}:files
-- repeatable
-- allow-oom
-- changes-log
-- args: intent, now, user, seq, whether the user is an admin (1 | 0)
-- answers: {'ok', rev, author, {file, who sent it, …} of all files in the room whose bytes must be erased} or {reason}

return function(keys, args)
  local meta, log, changes, now_key, members, done, removed = unpack(keys)
  local intent, now, user, seq, admin = args[1], tonumber(args[2]), args[3], args[4], args[5] == '1'
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local member = member_of(members, user)
  if not member and not admin then return {outside(room)} end
  local holds = redis.call('HGET', now_key, seq)
  holds = holds and cmsgpack.unpack(holds) or {}
  if redis.call('ZSCORE', done, intent) then return {'ok', room.rev, holds.u, redis.call('HGETALL', removed)} end
  local entry = redis.call('XRANGE', log, seq .. '-0', seq .. '-0')[1]
  if not entry then return {'no_such_message'} end
  local record = cmsgpack.unpack(entry[2][2])
  local own = member and record.u == user
  if not (own or admin or moderates(member)) then return {'not_author'} end

  done_before(done, intent, now)
  local grave = bury(meta, room, tonumber(seq), entry, record, holds, now)
  local rev, told = note_change(meta, changes, now_key, room, seq, 'delete', grave, now), {}
  if grave.o then settle_topic(meta, grave.o, told) end
  tell_topics(meta, told)
  return {'ok', rev, record.u, redis.call('HGETALL', removed)}
end
