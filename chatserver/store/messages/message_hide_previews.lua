-- Take the previews of a message away with their pictures, for its author and moderators; none come again. A repeat
-- changes nothing.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:members {r}:files {r}:files:gone {r}:scrub
-- repeatable
-- allow-oom
-- changes-log
-- args: now, user, seq, whether the user is an admin (1 | 0)
-- answers: {'ok', rev, {file, who sent it, …} of all files in the room whose bytes must be erased} or {reason}

return function(keys, args)
  local meta, log, changes, now_key, members, files, removed, scrub = unpack(keys)
  local now, user, seq, admin = tonumber(args[1]), args[2], args[3], args[4] == '1'
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local member = member_of(members, user)
  if not member and not admin then return {outside(room)} end
  local record, holds = message_at(log, now_key, seq)
  local only = record and (holds.v or record.v)
  if not record or (only and only ~= user) then return {'no_such_message'} end
  local may = record.u == user or (room.kind ~= 'direct' and (admin or moderates(member)))
  if not may then return {'not_author'} end
  if holds.h then return {'ok', room.rev, redis.call('HGETALL', removed)} end
  holds = holding(record, holds)
  remove_pictures(files, removed, holds.l)
  holds.l, holds.h = nil, true
  redis.call('SET', scrub, now)
  local rev = note_change(meta, changes, now_key, room, seq, 'preview', holds, now)
  return {'ok', rev, redis.call('HGETALL', removed)}
end
