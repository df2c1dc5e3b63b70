-- Read some messages by their numbers, or the pinned ones, in their current state and with their reactions.
-- keys: {r} {r}:log {r}:now {r}:pins
-- no-writes
-- large
-- args: viewer ('' for a visitor), 1 for the pinned ones, newest pin first, or 0 and the seqs in any order
-- answers: as read.lua, without changes; messages that never were are left out

local function row_of(log, now_key, seq)
  local holds = redis.call('HGET', now_key, seq) or ''
  local entry = redis.call('XRANGE', log, seq .. '-0', seq .. '-0')[1]
  if entry then return {tonumber(seq), tonumber(entry[2][4] or 0) or 0, entry[2][2], holds} end
  if holds ~= '' then return {tonumber(seq), 0, '', holds} end
end

return function(keys, args)
  local meta, log, now_key, pins = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local viewer, rows, reactions = args[1], {}, {}
  local wanted = args[2] == '1' and redis.call('ZRANGE', pins, 0, -1, 'REV') or {unpack(args, 3)}
  for _, seq in ipairs(wanted) do
    local row = row_of(log, now_key, seq)
    if row then
      rows[#rows + 1] = row
      add_reactions(reactions, meta, room, seq, viewer)
    end
  end
  return {
    'ok', room.epoch, room.seq, room.rev, room.last_id, room.first_seq, rows, {},
    number_of(redis.call('HGET', meta, 'mv')), reactions,
  }
end
