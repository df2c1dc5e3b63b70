-- Read a room's messages and changes, with the current state of changed messages, in one step. Feeds, replay, history
-- and repair all use this.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:reacted
-- no-writes
-- large
-- args: first seq (negative: that many up to the last), last seq (0: none, -1: to the end), rev after which to read
-- changes, most changes; for a page also its viewer ('' for a visitor)
-- answers: {'ok', epoch, seq, rev, last_id, first_seq, {{seq, at, record, now} …}, {{rev, seq, after, kind, what} …},
-- version of members and settings, {{seq, emoji, count, whether it is the viewer's, too (1 | 0), {first users}} …},
-- version of the topics}
-- A deleted message has an empty record and its tombstone in now; if both are empty, a message is missing. Of a reaction
-- `what` is the difference, and empty if the message was deleted since; of a purge the ranges of numbers that it deleted; of
-- another change what holds now.

local function messages(log, now_key, from, to)
  local entries = redis.call('XRANGE', log, from .. '-0', to .. '-0')
  local wanted = {}
  for seq = from, to do wanted[#wanted + 1] = seq end
  local holds = redis.call('HLEN', now_key) > 0 and redis.call('HMGET', now_key, unpack(wanted)) or {}
  local out, next_entry = {}, 1
  for i, seq in ipairs(wanted) do
    local entry = entries[next_entry]
    if entry and entry[1] == seq .. '-0' then
      out[i] = {seq, tonumber(entry[2][4] or 0) or 0, entry[2][2], holds[i] or ''}
      next_entry = next_entry + 1
    else
      out[i] = {seq, 0, '', holds[i] or ''}
    end
  end
  return out
end

local function changes_after(changes, now_key, rev, count)
  local out, held = {}, {}
  for i, entry in ipairs(redis.call('XRANGE', changes, '(' .. rev .. '-0', '+', 'COUNT', count)) do
    local fields = entry[2]
    local seq, kind = fields[2], fields[6]
    held[seq] = held[seq] or redis.call('HGET', now_key, seq) or ''
    local what = kind == 'purge' and fields[12] or held[seq]
    if kind == 'react' then
      local deleted = what ~= '' and cmsgpack.unpack(what).d
      what = not deleted and fields[12] or ''
    end
    out[i] = {number_of(string.match(entry[1], '^%d+')), tonumber(seq), tonumber(fields[4]), kind, what}
  end
  return out
end

local function reactions_from(meta, room, reacted, from, to, viewer)
  local out = {}
  for _, seq in ipairs(redis.call('ZRANGEBYSCORE', reacted, from, to)) do
    add_reactions(out, meta, room, seq, viewer)
  end
  return out
end

return function(keys, args)
  local meta, log, changes, now_key, reacted = unpack(keys)
  local from, to, rev, count = tonumber(args[1]), tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  to = to < 0 and room.seq or math.min(to, room.seq)
  from = math.max(from < 0 and to + 1 + from or from, room.first_seq)
  local versions = redis.call('HMGET', meta, 'mv', 'topics_version')
  return {
    'ok', room.epoch, room.seq, room.rev, room.last_id, room.first_seq,
    from <= to and messages(log, now_key, from, to) or {},
    count > 0 and rev < room.rev and changes_after(changes, now_key, rev, count) or {},
    number_of(versions[1]),
    args[5] and from <= to and reactions_from(meta, room, reacted, from, to, args[5]) or {},
    number_of(versions[2]),
  }
end
