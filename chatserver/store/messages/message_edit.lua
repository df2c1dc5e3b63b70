-- Replace the text of a message.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:members {r}:mentions {r}:tie {r}:handles {r}:scrub
-- args: now, user, seq, text, names behind an @ as in append.lua
-- answers: {'ok', rev, author} or {reason}
return function(keys, args)
  local meta, log, changes, now_key, members, mentions, tie, handles, scrub = unpack(keys)
  local now, user, seq, text, names = tonumber(args[1]), args[2], args[3], args[4], args[5] or ''
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  if not member_of(members, user) then return {outside(room)} end
  local entry = redis.call('XRANGE', log, seq .. '-0', seq .. '-0')[1]
  if not entry then return {'no_such_message'} end
  local record = cmsgpack.unpack(entry[2][2])
  if record.u ~= user then return {'not_author'} end
  if room.archived then return {'archived'} end
  local refusal = room.kind == 'direct' and refusal_between(tie, user)
  if refusal then return refusal end

  local holds = redis.call('HGET', now_key, seq)
  holds = holds and cmsgpack.unpack(holds) or {}
  local before, called = holds.m or record.m or '', called_in(handles, names, user)
  holds.x, holds.e, holds.m = text, now, called
  holds = holding(record, holds)
  if room.kind == 'direct' and blocked_between(tie, members, user) then holds.v = user end
  if called ~= before then
    forget_mentions(mentions, tonumber(seq), user, before)
    note_mentions(mentions, tonumber(seq), user, called)
  end
  redis.call('SET', scrub, now)
  return {'ok', note_change(meta, changes, now_key, room, seq, 'edit', holds, now), user}
end
