-- Replace the text of a message. Whom it calls follows the new text; it calls everyone only if it did before.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:members {r}:mentions {r}:tie {r}:handles {r}:scrub
-- changes-log
-- args: now, user, seq, text, whom it may call as in append.lua, then the links that may have a preview
-- answers: {'ok', rev, author} or {reason}

local function without(some, others)
  local left = {}
  for person in pairs(some) do left[person] = not others[person] or nil end
  return left
end

-- The previews of links that still may have one; nil for none.
local function previews_kept(previews, args)
  local linked, kept = {}, {}
  for i = 6, #args do linked[args[i]] = true end
  for _, preview in ipairs(previews or {}) do
    if linked[preview.u] then kept[#kept + 1] = preview end
  end
  return #kept > 0 and kept or nil
end

return function(keys, args)
  local meta, log, changes, now_key, members, mentions, tie, handles, scrub = unpack(keys)
  local now, user, seq, text, names = tonumber(args[1]), args[2], args[3], args[4], args[5] or ''
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local member = member_of(members, user)
  if not member then return {outside(room)} end
  local entry = redis.call('XRANGE', log, seq .. '-0', seq .. '-0')[1]
  if not entry then return {'no_such_message'} end
  local record = cmsgpack.unpack(entry[2][2])
  if record.u ~= user then return {'not_author'} end
  if text == '' and not record.b then return {'empty'} end
  if room.archived then return {'archived'} end
  if room.writers == 'moderators' and not moderates(member) then return {'not_a_moderator'} end
  local refusal = room.kind == 'direct' and refusal_between(tie, user)
  if refusal then return refusal end

  local holds = redis.call('HGET', now_key, seq)
  holds = holds and cmsgpack.unpack(holds) or {}
  local said_everyone = record.a and holds.a ~= false
  local before = called_of({m = holds.m or record.m, y = record.y, a = said_everyone})
  local called, everyone = called_in(handles, names, user)
  holds.x, holds.e, holds.m, holds.a = text, now, called, said_everyone and everyone or false
  holds.l = previews_kept(holds.l, args)
  holds = holding(record, holds)
  if room.kind == 'direct' and blocked_between(tie, members, user) then holds.v = user end
  local after = holds.v and {} or called_of({m = called, y = record.y, a = holds.a})
  forget_calls(mentions, tonumber(seq), user, without(before, after))
  note_calls(mentions, tonumber(seq), user, without(after, before))
  redis.call('SET', scrub, now)
  return {'ok', note_change(meta, changes, now_key, room, seq, 'edit', holds, now), user}
end
