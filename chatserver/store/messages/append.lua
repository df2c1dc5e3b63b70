-- Append a group of messages to a room's log. Besides the first lines of a conversation of two
-- (tie_write.lua) nothing else adds messages.
-- keys: {r} {r}:log {r}:members {r}:sent {r}:sent_at {r}:mentions {r}:last {r}:scrub {r}:tie {r}:handles {r}:files {r}:topics
-- repeatable
-- changes-log
-- args: now, today (days since 1970 in the community's time zone), then nine for each message: user,
-- client_id, digest of the request, id, seq that it replies to (0: none), its topic ('' for the main line; a newline and
-- a title for a new one, which gets the message's id), whom it may call ('' for nobody; else a line
-- with the most by name and whether it may call everyone (1 | 0), then a line for each name behind an @: a folded word,
-- then the byte lengths at which a handle could end in it), the files that it carries ('' for none, else their ids with
-- spaces between), record
-- answers: {'ok', epoch, {status, ...}, kind of the room, the last seq in a topic} in order, a status being
-- {'ok'|'duplicate', seq, id, at,
-- epoch}, {reason} or {reason, milliseconds to wait}

local APART_MS = 60000
local EVERYONE_MOST = 20
local EVERYONE_EVERY_MS = 3600000

-- Milliseconds until slow mode lets the user write again. A last message more than APART_MS in the future was written
-- before the clock was set back (the clocks of several machines differ by less), and does not count.
local function slow_for(room, before, clock)
  if before > clock + APART_MS then return 0 end
  return before + room.slow_mode * 1000 - clock
end

local function refusal_of(room, member, last, user, now)
  if not member then return {outside(room)} end
  if room.archived then return {'archived'} end
  if room.writers == 'moderators' and not moderates(member) then return {'not_a_moderator'} end
  if member.muted_until > now then return {'muted', member.muted_until - now} end
  if room.slow_mode > 0 and not moderates(member) then
    local before = last[user] or number_of(redis.call('ZSCORE', room.last_key, user))
    local wait = slow_for(room, before, room.clock)
    if wait > 0 then return {'slow_mode', wait} end
  end
end

-- Drop when some who left long ago wrote last. Whoever writes for the first time looks at more than the one time that
-- is added, so that few stay.
local function forget_last(room, members)
  local some = redis.call('ZRANDMEMBER', room.last_key, 8, 'WITHSCORES')
  for i = 1, #some, 2 do
    local is_old = tonumber(some[i + 1]) < room.clock - DONE_SECONDS * 1000
    if is_old and not member_of(members, some[i]) then redis.call('ZREM', room.last_key, some[i]) end
  end
end

-- A reply may refer to any number that was given out; a tombstone keeps its number.
local function refusal_to_reply(room, seq, reply_to)
  if reply_to ~= 0 and (reply_to < room.first_seq or reply_to > seq) then return {'no_such_target'} end
end

-- Why a message may not be in this line, or nil. A new topic's title has a newline before it.
local function refusal_to_line(room, meta, member, topic)
  if topic == '' then return room.forum and {'topic_required'} or nil end
  if string.byte(topic) == 10 then
    if room.kind == 'direct' then return {'direct_room'} end
    return room.topics == 'moderators' and not moderates(member) and {'not_a_moderator'} or nil
  end
  local found = topic_at(meta, topic)
  if not found or found.d then return {'no_such_topic'} end
  return found.c and {'topic_closed'} or nil
end

-- Note a message in its topic, which begins if it is new; `begun` collects those.
local function put_in_topic(room, meta, topic, seq, id, user, now, begun)
  room.topical = seq
  if string.byte(topic) ~= 10 then
    file_message(meta, topic, seq)
    return note_writer(meta, topic, topic_at(meta, topic), seq, user)
  end
  local version = next_topics_version(meta)
  local new = {t = string.sub(topic, 2), b = user, a = now, v = version, w = user}
  file_message(meta, id, seq)
  put_topic(meta, id, new)
  list_topic(meta, id, new)
  note_writer(meta, id, new, seq, user)
  begun[#begun + 1] = {version, id}
end

-- The author of the message that a reply answers, whom it calls: not if they are the sender, left the room, or the
-- message was deleted.
local function answered_by(log, members, reply_to, user)
  local entry = redis.call('XRANGE', log, reply_to .. '-0', reply_to .. '-0')[1]
  local author = entry and cmsgpack.unpack(entry[2][2]).u
  if author and author ~= user and redis.call('HEXISTS', members, author) == 1 then return author end
end

-- Whether this member may call everyone now: moderators, and all in a small room, once an hour a room.
local function may_call_everyone(room, meta, members, member)
  if not moderates(member) and redis.call('HLEN', members) > EVERYONE_MOST then return false end
  local before = number_of(redis.call('HGET', meta, 'everyone_at'))
  if before <= room.clock + APART_MS and before > room.clock - EVERYONE_EVERY_MS then return false end
  redis.call('HSET', meta, 'everyone_at', room.clock)
  return true
end

-- The finished files that a message carries, as {id, what {r}:files holds}, or the refusal of the first that is not this
-- user's, not finished, or used by another message.
local function attached(room, keys, user, ids)
  if room.kind == 'direct' and not are_friends(keys[9]) then return nil, {'not_friends'} end
  local files = {}
  for id in string.gmatch(ids, '%S+') do
    local file = file_at(keys[11], id)
    if not file or file.u ~= user or file.s then return nil, {'no_such_file', #files} end
    files[#files + 1] = {id, file}
  end
  return files
end

-- What a record says of its files.
local function told_of(files)
  local told = {}
  for i, file in ipairs(files) do told[i] = file[2].f end
  return told
end

local function note_used(key, files, seq, only)
  for _, file in ipairs(files) do
    file[2].s, file[2].v = seq, only
    redis.call('HSET', key, file[1], cmsgpack.pack(file[2]))
  end
end

-- What only the room knows of a message, as the fields of its record: the ids it calls by name (m), whether everyone
-- (a), whom by replying (y), its files (b), and the only user who may see it, if they are blocked (v). Nil if there is
-- nothing.
local function known_by_room(room, keys, member, user, reply_to, names, files)
  local meta, log, members, tie, handles = keys[1], keys[2], keys[3], keys[9], keys[10]
  local only = room.kind == 'direct' and blocked_between(tie, members, user) and user or nil
  local held = files and told_of(files) or nil
  if names == '' and reply_to == '0' then return (only or held) and {v = only, b = held} end
  local called, everyone = called_in(handles, names, user)
  local answered = reply_to ~= '0' and answered_by(log, members, reply_to, user) or nil
  everyone = everyone and string.match(names, '^%d+ 1') and may_call_everyone(room, meta, members, member)
  if called == '' and not everyone and not answered and not only and not held then return nil end
  return {m = called ~= '' and called or nil, a = everyone or nil, y = answered, v = only, b = held}
end

local function completed(record, known)
  local held = cmsgpack.unpack(record)
  for name, value in pairs(known) do held[name] = value end
  return cmsgpack.pack(held)
end

-- Note the days on which each of the two wrote, which decide when they become friends. The latest 16 are kept.
local function note_day(tie, user, today)
  local days = redis.call('HGET', tie, 'days:' .. user) or ''
  if string.match(days, '%S*$') == today then return end
  local kept = {}
  for day in string.gmatch(days .. ' ' .. today, '%S+') do kept[#kept + 1] = day end
  redis.call('HSET', tie, 'days:' .. user, table.concat(kept, ' ', math.max(1, #kept - 15)))
end

local function first_answer(known, digest)
  local seq, at, id, epoch, first_digest = string.match(known, '^(%S+) (%S+) (%S+) (%S+) (.*)$')
  if first_digest ~= digest then return {'client_id_used'} end
  return {'duplicate', tonumber(seq), id, tonumber(at), epoch}
end

-- The stream's own last id. If it is ahead of the counter, XADD refuses every number that the counter gives.
local function last_of(log)
  local info = redis.call('XINFO', 'STREAM', log)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return number_of(string.match(info[i + 1], '^%d+')) end
  end
end

-- Add a record under seq and return its number. If XADD refuses (nothing is written then), use the stream's last id +
-- 1.
local function add(log, seq, record, now)
  local added = redis.pcall('XADD', log, seq .. '-0', 'm', record, 't', now)
  if type(added) == 'table' and added.err then
    seq = last_of(log) + 1
    redis.call('XADD', log, seq .. '-0', 'm', record, 't', now)
  end
  return seq
end

return function(keys, args)
  local meta, log, members, sent, sent_at, mentions, last_key, _, tie = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  room.last_key = last_key
  room.clock = tonumber(args[1])
  local now = math.max(room.clock, room.last_at)
  local seq, last_id = room.seq, room.last_id
  local first, known_members, last, wrote, out, records, begun = 0, {}, {}, {}, {}, {}, {}
  local answers, remembered = {}, {}
  for i = 3, #args, 9 do
    local user, client_id, digest, id, reply_to, topic, names, ids, record = unpack(args, i, i + 8)
    local field = user .. ':' .. client_id
    local before = answers[field] or redis.call('HGET', sent, field)
    if before then
      out[#out + 1] = first_answer(before, digest)
    else
      if known_members[user] == nil then known_members[user] = member_of(members, user) or false end
      local refusal = refusal_of(room, known_members[user], last, user, now)
        or room.kind == 'direct' and refusal_between(tie, user)
        or refusal_to_reply(room, seq, tonumber(reply_to))
        or (topic ~= '' or room.forum) and refusal_to_line(room, meta, known_members[user], topic)
      local files = nil
      if ids ~= '' and not refusal then files, refusal = attached(room, keys, user, ids) end
      if refusal then
        out[#out + 1] = refusal
      else
        local known = known_by_room(room, keys, known_members[user], user, reply_to, names, files)
        if known then record = completed(record, known) end
        if room.kind == 'direct' then note_day(tie, user, args[2]) end
        seq, last_id = add(log, seq + 1, record, now), id
        if #records == 0 then first = seq end
        if files then note_used(keys[11], files, seq, known.v) end
        answers[field] = table.concat({seq, now, id, room.epoch, digest}, ' ')
        remembered[#remembered + 1], remembered[#remembered + 2] = field, answers[field]
        if not last[user] then wrote[#wrote + 1], wrote[#wrote + 2] = args[1], user end
        last[user] = room.clock
        if topic ~= '' then put_in_topic(room, meta, topic, seq, id, user, now, begun) end
        if known and not known.v then note_calls(mentions, seq, user, called_of(known)) end
        out[#out + 1] = {'ok', seq, id, now, room.epoch}
        records[#records + 1] = record
      end
    end
  end
  if #records > 0 then
    redis.call('HSET', meta, 'seq', seq, 'last_id', last_id, 'last_at', now)
    remember_sent(sent, sent_at, remembered, now)
    forget_sent(sent, sent_at, now)
    if redis.call('ZADD', last_key, unpack(wrote)) > 0 then forget_last(room, members) end
    local head = '\150' .. cmsgpack.pack('m', room.epoch, first, room.rev, now)
    redis.call('SPUBLISH', meta .. ':live', head .. array_head(#records) .. table.concat(records))
    if room.topical >= first then redis.call('HSET', meta, 'topical', room.topical) end
    for _, one in ipairs(begun) do tell_topic(meta, one[1], one[2], topic_at(meta, one[2])) end
  end
  return {'ok', room.epoch, out, room.kind, room.topical}
end
