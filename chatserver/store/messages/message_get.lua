-- Read some messages by their numbers, or the pinned ones, in their current state and with their reactions.
-- keys: {r} {r}:log {r}:now {r}:pins
-- no-writes
-- large
-- args: viewer ('' for a visitor), 1 for the pinned ones, newest pin first, or 0 and the seqs in any order
-- answers: as read.lua, without changes; messages that never were are left out

return function(keys, args)
  local meta, log, now_key, pins = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local viewer, rows, reactions = args[1], {}, {}
  local wanted = args[2] == '1' and redis.call('ZRANGE', pins, 0, -1, 'REV') or {unpack(args, 3)}
  for _, seq in ipairs(wanted) do
    local row = row_at(log, now_key, seq)
    if row then
      rows[#rows + 1] = row
      add_reactions(reactions, meta, room, seq, viewer)
    end
  end
  local versions = redis.call('HMGET', meta, 'mv', 'topics_version')
  return {
    'ok', room.epoch, room.seq, room.rev, room.last_id, room.first_seq, rows, {},
    number_of(versions[1]), reactions, number_of(versions[2]),
  }
end
