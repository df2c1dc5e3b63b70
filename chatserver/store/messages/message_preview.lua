-- Put the previews of its links beside a message, unless it changed since or they were taken away. A link that has one
-- keeps it. Their pictures become files of the message.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:files
-- repeatable
-- changes-log
-- args: now, seq, its id ('' for any), when its text was last edited (0: never), its links in order as one packed list, the
-- previews that were found as another, then for each of their pictures what {r}:files holds of it
-- answers: {'ok', rev, {file, …} that previews of the message show} or {reason}
-- l: the previews, p being the picture of one; h: they were taken away, and none come again.

local function by_link(previews)
  local found = {}
  for _, preview in ipairs(previews or {}) do found[preview.u] = preview end
  return found
end

local function shown_by(previews)
  local shown = {}
  for _, preview in ipairs(previews) do
    if preview.p then shown[#shown + 1] = preview.p.id end
  end
  return shown
end

return function(keys, args)
  local meta, log, changes, now_key, files = unpack(keys)
  local now, seq, id, edited_at = tonumber(args[1]), args[2], args[3], tonumber(args[4])
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local record, holds = message_at(log, now_key, seq)
  if not record or (id ~= '' and record.i ~= id) or holds.h or (holds.e or 0) ~= edited_at then
    return {'no_such_message'}
  end
  local before, found, previews = by_link(holds.l), by_link(cmsgpack.unpack(args[6])), {}
  for _, link in ipairs(cmsgpack.unpack(args[5])) do previews[#previews + 1] = before[link] or found[link] end
  if #previews == #(holds.l or {}) then return {'ok', room.rev, shown_by(previews)} end

  local shown = {}
  for _, file in ipairs(shown_by(previews)) do shown[file] = true end
  for i = 7, #args do
    local file = cmsgpack.unpack(args[i])
    if shown[file.f.id] then
      file.s, file.v = tonumber(seq), holds.v or record.v
      redis.call('HSET', files, file.f.id, cmsgpack.pack(file))
    end
  end
  holds = holding(record, holds)
  holds.l = previews
  return {'ok', note_change(meta, changes, now_key, room, seq, 'preview', holds, now), shown_by(previews)}
end
