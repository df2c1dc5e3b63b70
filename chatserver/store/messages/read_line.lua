-- Read a page of one line of a room: of a topic its messages that are not deleted, of the main line also its tombstones.
-- keys: {r} {r}:log {r}:now {r}:topics {r}:topical
-- no-writes
-- large
-- args: viewer ('' for a visitor), line ('': the main line), where (before | after | around), seq (before: '' for the
-- end), most messages
-- answers: as read.lua, without changes, and whether there is more in that direction (1 | 0)

-- The number beyond the run of consecutive numbers in topics that begins with this member, in steps of 1 or -1. Within a
-- run numbers and ranks go together, so its end is found by halving.
local function beyond_run(topical, member, at, step)
  local rank = redis.call('ZRANK', topical, member)
  local function reaches(distance)
    local place = rank + distance * step
    if place < 0 then return false end
    local found = redis.call('ZRANGE', topical, place, place, 'WITHSCORES')
    return found[2] ~= nil and tonumber(found[2]) == at + distance * step
  end
  local inside, outside = 0, 1
  while reaches(outside) do inside, outside = outside, outside * 2 end
  while outside - inside > 1 do
    local middle = math.floor((inside + outside) / 2)
    if reaches(middle) then inside = middle else outside = middle end
  end
  return at + outside * step
end

-- The nearest member of a topic at or beyond a number.
local function nearest(topical, seq, step)
  if step > 0 then return redis.call('ZRANGE', topical, seq, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES') end
  return redis.call('ZRANGE', topical, seq, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1, 'WITHSCORES')
end

-- Numbers of the main line from one on, in steps of 1 or -1: runs of topics are jumped over.
local function main_from(meta, room, seq, step, most)
  local topical, found = meta .. ':topical', {}
  while #found < most and seq >= room.first_seq and seq <= room.seq do
    local near = nearest(topical, seq, step)
    local at = tonumber(near[2])
    while #found < most and seq ~= at and seq >= room.first_seq and seq <= room.seq do
      found[#found + 1] = seq
      seq = seq + step
    end
    if seq == at then seq = beyond_run(topical, near[1], at, step) end
  end
  return found
end

local function line_from(meta, room, line, seq, step, most)
  if most <= 0 then return {} end
  if line == '' then return main_from(meta, room, seq, step, most) end
  local undeleted, seqs = undeleted_key(meta, line), nil
  if step > 0 then
    seqs = redis.call('ZRANGE', undeleted, seq, '+inf', 'BYSCORE', 'LIMIT', 0, most)
  else
    seqs = redis.call('ZRANGE', undeleted, seq, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, most)
  end
  for i, one in ipairs(seqs) do seqs[i] = tonumber(one) end
  return seqs
end

-- The numbers of the page, in order, and whether there is more.
local function page_of(meta, room, line, where, seq, most)
  if where == 'after' then
    local seqs = line_from(meta, room, line, seq + 1, 1, most + 1)
    return {unpack(seqs, 1, math.min(most, #seqs))}, #seqs > most
  end
  local later = where == 'around' and line_from(meta, room, line, seq, 1, most - math.floor(most / 2)) or {}
  local older = line_from(meta, room, line, seq - 1, -1, most - #later + 1)
  local seqs = {}
  for i = math.min(#older, most - #later), 1, -1 do seqs[#seqs + 1] = older[i] end
  for _, one in ipairs(later) do seqs[#seqs + 1] = one end
  return seqs, #older > most - #later
end

return function(keys, args)
  local meta, log, now_key = unpack(keys)
  local viewer, line, where, seq, most = args[1], args[2], args[3], tonumber(args[4]), tonumber(args[5])
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local topic = line ~= '' and topic_at(meta, line)
  if line ~= '' and (not topic or topic.d) then return {'no_such_topic'} end
  local seqs, more = page_of(meta, room, line, where, math.min(seq or room.seq + 1, room.seq + 1), most)
  local rows, reactions = {}, {}
  for _, one in ipairs(seqs) do
    local row = row_at(log, now_key, one)
    if row then
      rows[#rows + 1] = row
      add_reactions(reactions, meta, room, one, viewer)
    end
  end
  local versions = redis.call('HMGET', meta, 'mv', 'topics_version')
  return {
    'ok', room.epoch, room.seq, room.rev, room.last_id, room.first_seq, rows, {},
    number_of(versions[1]), reactions, number_of(versions[2]), more and 1 or 0,
  }
end
