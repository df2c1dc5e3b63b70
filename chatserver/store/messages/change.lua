-- Change a message that was posted: the only way an edit or a deletion gets in.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:members {r}:mentions {r}:scrub {r}:done {r}:tie {r}:handles
-- args: now, user, seq, kind ('edit' | 'delete'), text, whether the user moderates the whole community (1 | 0),
-- intent ('' for none; a deletion that is one may be repeated), names behind an @ as in append.lua
-- answers: {'ok', rev, author} or {reason}

-- A tombstone keeps what explains the hole: id, author and time, never text.
local function tombstone(entry, record, now)
  return {d = true, v = record.v, i = record.i, u = record.u, t = tonumber(entry[2][4]), e = now}
end

local function may_change(kind, member, record, user, house_moderator)
  if record.u == user and member then return true end
  return kind == 'delete' and (house_moderator or moderates(member))
end

return function(keys, args)
  local meta, log, changes, now_key, members, mentions, scrub, done, tie, handles = unpack(keys)
  local now, user, seq, kind, text = tonumber(args[1]), args[2], args[3], args[4], args[5]
  local intent = args[7] or ''
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local member, house_moderator = member_of(members, user), args[6] == '1'
  if not member and not house_moderator then return {outside(room)} end
  if intent ~= '' and redis.call('ZSCORE', done, intent) then
    return {'ok', room.rev, cmsgpack.unpack(redis.call('HGET', now_key, seq)).u}
  end
  local entry = redis.call('XRANGE', log, seq .. '-0', seq .. '-0')[1]
  if not entry then return {'no_such_message'} end
  local record = cmsgpack.unpack(entry[2][2])
  if not may_change(kind, member, record, user, house_moderator) then return {'not_author'} end
  if kind == 'edit' then
    local refusal = room.archived and {'archived'} or room.kind == 'direct' and refusal_between(tie, user)
    if refusal then return refusal end
  end

  if intent ~= '' then done_before(done, intent, now) end
  local holds = redis.call('HGET', now_key, seq)
  holds = holds and cmsgpack.unpack(holds) or {}
  local before, called = holds.m or record.m or '', ''
  if kind == 'delete' then
    holds = tombstone(entry, record, now)
    redis.call('XDEL', log, seq .. '-0')
    redis.call('SET', scrub, now)
  else
    called = called_in(handles, args[8] or '', record.u)
    holds.x, holds.e, holds.v, holds.m = text, now, holds.v or record.v, called
    if room.kind == 'direct' and blocked_between(tie, members, user) then holds.v = user end
  end
  if called ~= before then
    forget_mentions(mentions, tonumber(seq), record.u, before)
    note_mentions(mentions, tonumber(seq), record.u, called)
  end
  local packed, rev = cmsgpack.pack(holds), room.rev + 1
  redis.call('HSET', now_key, seq, packed)
  redis.call('XADD', changes, rev .. '-0', 's', seq, 'a', room.seq, 'k', kind)
  redis.call('HSET', meta, 'rev', rev)
  redis.call('SPUBLISH', meta .. ':live',
    '\150' .. cmsgpack.pack('c', room.epoch, rev, tonumber(seq), room.seq) .. packed)
  return {'ok', rev, record.u}
end
