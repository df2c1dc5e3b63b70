-- Read the messages that the index proposes for a search, in their current state, with what decides whether the viewer
-- may read them, in one step.
-- keys: {r} {r}:log {r}:now {r}:members {r}:bans
-- no-writes
-- large
-- args: viewer ('' for a visitor), seqs in any order
-- answers: as read.lua, without changes, then the room's kind, whether it is a window (1 | 0), whether it is archived
-- (1 | 0), the viewer's record as a member ('' if none), until when they are banned ('' if not), and
-- {author, their record as a member …}, flat, of the authors who are members

local function authors_of(members, rows)
  local out, seen = {}, {}
  for _, row in ipairs(rows) do
    local decodes, said = pcall(cmsgpack.unpack, row[3] ~= '' and row[3] or row[4])
    local author = decodes and type(said) == 'table' and said.u
    if author and not seen[author] then
      seen[author] = true
      local record = redis.call('HGET', members, author)
      if record then out[#out + 1], out[#out + 2] = author, record end
    end
  end
  return out
end

return function(keys, args)
  local meta, log, now_key, members, bans = unpack(keys)
  local room, viewer = meta_of(meta), args[1]
  if not room then return {'not_found'} end
  local rows, reactions = {}, {}
  for _, seq in ipairs({unpack(args, 2)}) do
    local row = row_at(log, now_key, seq)
    if row then
      rows[#rows + 1] = row
      add_reactions(reactions, meta, room, seq, viewer)
    end
  end
  local member = viewer ~= '' and redis.call('HGET', members, viewer) or ''
  local banned = viewer ~= '' and redis.call('HGET', bans, viewer) or ''
  local window = redis.call('HGET', meta, 'window') == '1'
  local versions = redis.call('HMGET', meta, 'mv', 'topics_version')
  return {
    'ok', room.epoch, room.seq, room.rev, room.last_id, room.first_seq, rows, {},
    number_of(versions[1]), reactions, number_of(versions[2]),
    room.kind, window and 1 or 0, room.archived and 1 or 0, member, banned, authors_of(members, rows),
  }
end
