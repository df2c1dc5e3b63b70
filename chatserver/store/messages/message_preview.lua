-- Put the previews of its links beside a message, unless it changed since or they were taken away.
-- keys: {r} {r}:log {r}:changes {r}:now
-- repeatable
-- changes-log
-- args: now, seq, its id ('' for any), when its text was last edited (0: never), the previews as one packed list
-- answers: {'ok', rev} or {reason}
-- l: the previews; h: they were taken away, and none come again.

local function addresses(previews)
  local listed = {}
  for i, preview in ipairs(previews or {}) do listed[i] = preview.u end
  return table.concat(listed, ' ')
end

return function(keys, args)
  local meta, log, changes, now_key = unpack(keys)
  local now, seq, id, edited_at, packed = tonumber(args[1]), args[2], args[3], tonumber(args[4]), args[5]
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local record, holds = message_at(log, now_key, seq)
  if not record or (id ~= '' and record.i ~= id) or holds.h or (holds.e or 0) ~= edited_at then
    return {'no_such_message'}
  end
  local previews = cmsgpack.unpack(packed)
  if addresses(previews) == addresses(holds.l) then return {'ok', room.rev} end
  holds = holding(record, holds)
  holds.l = previews
  return {'ok', note_change(meta, changes, now_key, room, seq, 'preview', holds, now)}
end
