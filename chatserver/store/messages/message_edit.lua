-- Replace the text of a message. Whom it calls follows the new text; it calls everyone only if it did before.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:members {r}:mentions {r}:tie {r}:handles {r}:scrub {r}:files {r}:files:gone
-- changes-log
-- args: now, user, seq, text, whom it may call as in append.lua, then the links that may have a preview
-- answers: {'ok', rev, author, {link, …} of those without a preview yet, {file, who sent it, …} of all files in the room
-- whose bytes must be erased, if a picture went} or {reason}

local function without(some, others)
  local left = {}
  for person in pairs(some) do left[person] = not others[person] or nil end
  return left
end

-- The previews of links that still may have one (nil for none), those that go, and the links without one.
local function previews_kept(previews, args)
  local found, kept, lacking, going = {}, {}, {}, {}
  for _, preview in ipairs(previews or {}) do found[preview.u] = preview end
  for i = 6, #args do
    if found[args[i]] then kept[#kept + 1] = found[args[i]] else lacking[#lacking + 1] = args[i] end
    found[args[i]] = nil
  end
  for _, preview in pairs(found) do going[#going + 1] = preview end
  return #kept > 0 and kept or nil, going, lacking
end

-- Nobody else sees the message any more, nor what it carries.
local function hide_files(files, holds, user)
  local carried = {unpack(holds.b or {})}
  for _, preview in ipairs(holds.l or {}) do carried[#carried + 1] = preview.p end
  for _, told in ipairs(carried) do
    local file = file_at(files, told.id)
    if file then
      file.v = user
      redis.call('HSET', files, told.id, cmsgpack.pack(file))
    end
  end
end

return function(keys, args)
  local meta, log, changes, now_key, members, mentions, tie, handles, scrub, files, gone = unpack(keys)
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
  local kept, going, lacking = previews_kept(holds.l, args)
  holds.l = kept
  holds = holding(record, holds)
  if room.kind == 'direct' and blocked_between(tie, members, user) then
    holds.v = user
    hide_files(files, holds, user)
  end
  local after = holds.v and {} or called_of({m = called, y = record.y, a = holds.a})
  forget_calls(mentions, tonumber(seq), user, without(before, after))
  note_calls(mentions, tonumber(seq), user, without(after, before))
  redis.call('SET', scrub, now)
  local removed = remove_pictures(files, gone, going) > 0 and redis.call('HGETALL', gone) or {}
  local rev = note_change(meta, changes, now_key, room, seq, 'edit', holds, now)
  return {'ok', rev, user, holds.h and {} or lacking, removed}
end
