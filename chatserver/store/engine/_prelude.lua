-- Shared by all functions. Every function answers an array whose first element is 'ok' or the reason of a refusal. A
-- refusal never follows a write, because functions do not roll back.

local DEDUPE_SECONDS = 3600
local DONE_SECONDS = 86400
local INVITED_MS = 30 * 86400000

local function number_of(text)
  return tonumber(text or '0') or 0
end

-- The fields of a room that most functions need; nil if there is no such room.
local function meta_of(meta)
  local got = redis.call('HMGET', meta, 'epoch', 'seq', 'rev', 'last_id', 'last_at', 'first_seq', 'kind', 'slow_mode',
    'archived', 'writers', 'forum', 'topics', 'topical')
  if not got[1] then return nil end
  return {
    epoch = got[1], seq = number_of(got[2]), rev = number_of(got[3]), last_id = got[4] or '',
    last_at = number_of(got[5]), first_seq = math.max(1, number_of(got[6])), kind = got[7],
    slow_mode = number_of(got[8]), archived = got[9] == '1', writers = got[10],
    forum = got[11] == '1', topics = got[12], topical = number_of(got[13]),
  }
end

-- A member's record [role, joined_at, muted_until] from how it is stored; nil if there is none.
local function member_from(packed)
  if not packed then return nil end
  local record = cmsgpack.unpack(packed)
  return {role = record[1], joined_at = record[2] or 0, muted_until = record[3] or 0}
end

local function member_of(members, user)
  return member_from(redis.call('HGET', members, user))
end

-- The refusal for users outside the room: only open rooms admit that they exist.
local function outside(room)
  return room.kind == 'open' and 'not_a_member' or 'not_found'
end

local function moderates(member)
  return member ~= nil and (member.role == 'owner' or member.role == 'moderator')
end

-- The head of a MessagePack array of n elements that are packed already.
local function array_head(n)
  if n < 16 then return string.char(0x90 + n) end
  return string.char(0xdc, math.floor(n / 256), n % 256)
end

-- Whether a step of an intent was done before; if not, remembers it for a day. Call it only after all checks.
local function done_before(done, intent, now)
  if redis.call('ZSCORE', done, intent) then return true end
  redis.call('ZREMRANGEBYSCORE', done, '-inf', now - DONE_SECONDS * 1000)
  redis.call('ZADD', done, now, intent)
  redis.call('EXPIRE', done, DONE_SECONDS)
  return false
end

-- Record an act, once per id.
local function note_act(log, done, id, now, note)
  if done_before(done, id, now) then return end
  redis.call('XADD', log, 'MAXLEN', '~', 10000, '*', 'act', note)
end

-- Remember the answers to sends for an hour, given as field, answer, field, answer and so on.
local function remember_sent(sent, times, answers, now)
  if FIELD_EXPIRY then
    redis.call('HSETEX', sent, 'EX', DEDUPE_SECONDS, 'FIELDS', #answers / 2, unpack(answers))
    return
  end
  redis.call('HSET', sent, unpack(answers))
  for i = 1, #answers, 2 do redis.call('ZADD', times, now, answers[i]) end
  redis.call('EXPIRE', sent, DEDUPE_SECONDS)
  redis.call('EXPIRE', times, DEDUPE_SECONDS)
end

-- Without field expiry, each group deletes some old answers, at most 1,024.
local function forget_sent(sent, times, now)
  if FIELD_EXPIRY then return end
  local old = redis.call('ZRANGEBYSCORE', times, '-inf', now - DEDUPE_SECONDS * 1000, 'LIMIT', 0, 1024)
  if #old > 0 then
    redis.call('HDEL', sent, unpack(old))
    redis.call('ZREM', times, unpack(old))
  end
end

-- Publish to every process that subscribes to this tag. The body is one MessagePack array.
local function publish(tag, ...)
  redis.call('SPUBLISH', tag .. ':live', cmsgpack.pack({...}))
end

-- Publish a change of a user's rooms, profile or blocks with the next version: a process that missed one sees a gap in
-- the numbers and reads again.
local function publish_to_user(profile, kind, ...)
  local told = {kind, redis.call('HINCRBY', profile, 'v', 1), ...}
  redis.call('SPUBLISH', profile .. ':live', cmsgpack.pack(told))
end

-- A user's pointer to a room (`Pointer` in users.py) with all its fields, so that any of them can be set.
local function with_all(pointer)
  for i, default in ipairs({0, 0, 0, '', 'all', 1, 0, 'all', '', ''}) do
    if pointer[i] == nil then pointer[i] = default end
  end
  return pointer
end

-- The other of a direct room, or nil.
local function other_of(members, user)
  for _, one in ipairs(redis.call('HKEYS', members)) do
    if one ~= user then return one end
  end
end

-- Whether there is no such user, or the account was closed.
local function is_closed(profile)
  local held = redis.call('HMGET', profile, 'handle', 'closed')
  return not held[1] or held[2] == '1'
end

-- Add an item to a user's inbox under the next number, and publish it. With `quiet` ({u}:quiet) it is not counted as
-- unread.
local function add_item(profile, inbox, now, item, kept, quiet)
  local seq = redis.call('HINCRBY', profile, 'inbox_seq', 1)
  if quiet then
    redis.call('HINCRBY', profile, 'inbox_quiet', 1)
    redis.call('ZADD', quiet, seq, seq)
    redis.call('ZREMRANGEBYRANK', quiet, 0, -1 - kept)
  end
  redis.call('XADD', inbox, 'MAXLEN', '~', kept, seq .. '-0', 'i', item, 't', now)
  publish(profile, 'item', seq, now, item, quiet and 1 or 0)
  return seq
end

-- Write down when the next poke in {u}:later is due, and tell the user's processes.
local function note_later(profile, later)
  local due = number_of(redis.call('ZRANGE', later, 0, 0, 'WITHSCORES')[2])
  redis.call('HSET', profile, 'later_at', string.format('%d', due))
  publish(profile, 'later', due)
end

-- Whether the other of a direct room has blocked this user: then only the user sees what they write.
local function blocked_between(tie, members, user)
  local other = other_of(members, user)
  return other ~= nil and redis.call('HGET', tie, 'blocks:' .. other) == '1'
end

-- In a direct room: the blocker cannot write, and nobody can while it is paused.
local function refusal_between(tie, user)
  if redis.call('HGET', tie, 'blocks:' .. user) == '1' then return {'not_found'} end
  if redis.call('HGET', tie, 'rests') == '1' then return {'resting'} end
end

-- --- members of a room: shared by the room_* functions --------------------------------------------------------------
-- A member's record is [role, joined_at, muted_until, version, bot]. `version` is the room's when the user joined,
-- which a repeat returns with its answer; for a user who is not a member that is the room's current version. {r}:ranks
-- orders all members: owners, moderators, members, bots, each by time of joining. Only `let_in`, `give_role` and
-- `let_go` write the two, so that they agree. Nothing here costs more in a larger room.

local RANKS = {owner = 3, moderator = 2, member = 1}
local FIRST_OF = {owner = 0, moderator = 1e13, member = 2e13}
local FIRST_BOT = 3e13

-- The first three keys of a function that changes members: {r} {r}:members {r}:ranks.
local function place_of(keys)
  return {meta = keys[1], members = keys[2], ranks = keys[3]}
end

-- A record's score in {r}:ranks. `joined_at` is below 10^13 until the year 2286.
local function rank_of(record)
  local first = record[1] == 'member' and record[5] == 1 and FIRST_BOT or FIRST_OF[record[1]]
  return first + (record[2] or 0)
end

local function put_member(place, user, record)
  redis.call('HSET', place.members, user, cmsgpack.pack(record))
  redis.call('ZADD', place.ranks, rank_of(record), user)
end

local function count_owners(place)
  return redis.call('ZCOUNT', place.ranks, '-inf', '(' .. FIRST_OF.moderator)
end

-- The user's current membership, for the pointer on the user's tag.
local function belonging(place, user)
  local room = redis.call('HMGET', place.meta, 'seq', 'epoch', 'mv')
  local packed = redis.call('HGET', place.members, user)
  local record = packed and cmsgpack.unpack(packed)
  local version = record and (record[4] or 0) or number_of(room[3])
  return {
    'ok', version, record and 1 or 0, number_of(room[1]), room[2], record and record[1] or '',
    redis.call('HLEN', place.members),
  }
end

-- Why someone may not change a room, or nil. A room they may not see looks as if it did not exist.
local function refusal_to_moderate(room, actor, admin)
  if room.kind == 'direct' then return actor and 'direct_room' or 'not_found' end
  if admin then return nil end
  if not actor then return room.kind == 'open' and 'not_a_member' or 'not_found' end
  if not moderates(actor) then return 'not_a_moderator' end
end

-- A room's title and settings: {'ok', version, kind, title, about, tags, titles, abouts, window, bots, created_at,
-- slow_mode, archived, question, writers, topics, never_window, pokes, forum}.
local function words_of(meta)
  local now = redis.call('HMGET', meta, 'mv', 'kind', 'title', 'about', 'tags', 'titles', 'abouts', 'window', 'bots',
    'created_at', 'slow_mode', 'archived', 'question', 'writers', 'topics', 'never_window', 'pokes', 'forum')
  for i = 1, 18 do now[i] = now[i] or '' end
  return {'ok', unpack(now, 1, 18)}
end

local function let_in(place, user, role, bot, now)
  local version = redis.call('HINCRBY', place.meta, 'mv', 1)
  put_member(place, user, {role, now, 0, version, bot})
  publish(place.meta, 'j', version, 'joined', user, role, now, redis.call('HLEN', place.members))
end

-- The handles by which members are mentioned: {r}:handles holds handle -> user and '=' + user -> handle.
local function name_member(handles, user, handle)
  if handle == '' then return end
  redis.call('HSET', handles, handle, user, '=' .. user, handle)
end

local function unname_member(handles, user)
  local handle = redis.call('HGET', handles, '=' .. user)
  if not handle then return end
  if redis.call('HGET', handles, handle) == user then redis.call('HDEL', handles, handle) end
  redis.call('HDEL', handles, '=' .. user)
end

-- What `@everyone` calls; no user has this id, and nobody may take the handle.
local EVERYONE = '*'

-- Whom one @ calls: the member with the longest possible handle, or everyone. `name` is the folded word, then the byte
-- lengths at which a handle could end in it, longest first.
local function called_by(handles, name)
  local word, lengths = string.match(name, '^(%S+) (.+)$')
  local possible = {}
  for length in string.gmatch(lengths or '', '%d+') do possible[#possible + 1] = string.sub(word, 1, tonumber(length)) end
  if #possible == 0 then return nil end
  for i, user in ipairs(redis.call('HMGET', handles, unpack(possible))) do
    if user then return user end
    if possible[i] == 'everyone' then return EVERYONE end
  end
end

-- Whom a text calls: ids of members other than the author, each once, separated by spaces, and whether it says
-- @everyone. `names` is a line with the most that it may call by name, then a line per name.
local function called_in(handles, names, author)
  local called, seen, everyone = {}, {[author] = true}, false
  local most = number_of(string.match(names, '^%d+'))
  for name in string.gmatch(names, '\n([^\n]+)') do
    local user = called_by(handles, name)
    if user == EVERYONE then
      everyone = true
    elseif user and not seen[user] and #called < most then
      seen[user] = true
      called[#called + 1] = user
    end
  end
  return table.concat(called, ' '), everyone
end

-- Calls: {r}:mentions holds an entry for each message and user that it calls, by name or by replying to them, ordered by
-- user and message; one for EVERYONE. The latest 1,000 of each are kept: more unread ones are never counted.
local MENTIONS_KEPT = 1000

local function trim_mentions(mentions, person)
  local first, last = '[' .. person .. ':', '(' .. person .. ';'
  local beyond = redis.call('ZLEXCOUNT', mentions, first, last) - MENTIONS_KEPT
  if beyond <= 0 then return end
  local oldest = redis.call('ZRANGEBYLEX', mentions, first, last, 'LIMIT', 0, math.min(beyond, 1000))
  redis.call('ZREM', mentions, unpack(oldest))
end

-- All whom a message calls, each once. `holds` is its record or what holds of it since: m by name, y by the reply, a
-- everyone.
local function called_of(holds)
  local called = {}
  for person in string.gmatch(holds.m or '', '%S+') do called[person] = true end
  if holds.y then called[holds.y] = true end
  if holds.a then called[EVERYONE] = true end
  return called
end

local function note_calls(mentions, seq, author, called)
  for person in pairs(called) do
    redis.call('ZADD', mentions, 0, string.format('%s:%016d:%s', person, seq, author))
    trim_mentions(mentions, person)
  end
end

local function forget_calls(mentions, seq, author, called)
  for person in pairs(called) do
    redis.call('ZREM', mentions, string.format('%s:%016d:%s', person, seq, author))
  end
end

-- The mentions of a user who left are never counted: if they join again, they start as having read everything.
local function forget_mentions_of(mentions, person)
  redis.call('ZREMRANGEBYLEX', mentions, '[' .. person .. ':', '(' .. person .. ';')
end

-- --- changes of a room ------------------------------------------------------------------------------------------------
-- An entry of {r}:changes has fields in this order: s (the message's seq), a (the seq after which it happened), k
-- (kind), n (how many reactions there were among the changes so far), t (time) and, for a reaction, d (the difference).

-- The latest 10,000 changes are kept, and all of the last seven days. Whoever missed more starts over from the end.
local CHANGES_KEPT = 10000
local CHANGES_KEPT_MS = 7 * 86400000
local TRIMMED_EVERY = 128

-- Drop changes that are kept no longer. It looks at more than were added since the last time, so that few stay.
local function trim_changes(changes, rev, now)
  if rev % TRIMMED_EVERY ~= 0 or rev <= CHANGES_KEPT then return end
  local beyond = '(' .. (rev - CHANGES_KEPT + 1) .. '-0'
  local kept = nil
  for _, entry in ipairs(redis.call('XRANGE', changes, '-', beyond, 'COUNT', 4 * TRIMMED_EVERY)) do
    kept = entry[1]
    if number_of(entry[2][10]) > now - CHANGES_KEPT_MS then break end
  end
  if kept then redis.call('XTRIM', changes, 'MINID', '~', kept) end
end

-- Store the room's next change; `...` are further fields. Returns its rev.
local function add_change(meta, changes, room, seq, kind, reactions, now, ...)
  local rev = room.rev + 1
  redis.call('XADD', changes, rev .. '-0', 's', seq, 'a', room.seq, 'k', kind, 'n', reactions, 't', now, ...)
  redis.call('HSET', meta, 'rev', rev)
  trim_changes(changes, rev, now)
  return rev
end

-- Store the new state of a message as the room's next change, and publish it. Returns the change's rev.
local function note_change(meta, changes, now_key, room, seq, kind, holds, now)
  local packed = cmsgpack.pack(holds)
  redis.call('HSET', now_key, seq, packed)
  local reactions = redis.call('HGET', meta, 'reacted') or 0
  local rev = add_change(meta, changes, room, seq, kind, reactions, now)
  redis.call('SPUBLISH', meta .. ':live',
    '\150' .. cmsgpack.pack('c', room.epoch, rev, tonumber(seq), room.seq) .. packed)
  return rev
end

-- A message's record and what changed since, or nil if it was deleted or never there.
local function message_at(log, now_key, seq)
  local entry = redis.call('XRANGE', log, seq .. '-0', seq .. '-0')[1]
  if not entry then return nil end
  local holds = redis.call('HGET', now_key, seq)
  return cmsgpack.unpack(entry[2][2]), holds and cmsgpack.unpack(holds) or {}
end

-- A message as pages carry it, {seq, at, record, now}; nil if it never was.
local function row_at(log, now_key, seq)
  local holds = redis.call('HGET', now_key, seq) or ''
  local entry = redis.call('XRANGE', log, seq .. '-0', seq .. '-0')[1]
  if entry then return {tonumber(seq), tonumber(entry[2][4] or 0) or 0, entry[2][2], holds} end
  if holds ~= '' then return {tonumber(seq), 0, '', holds} end
end

-- The whole of what holds of a message, as a change carries it.
local function holding(record, holds)
  holds.x, holds.m, holds.o = holds.x or record.x, holds.m or record.m, holds.o or record.o
  if holds.a == nil then holds.a = record.a end
  holds.v, holds.b = holds.v or record.v, holds.b or record.b
  return holds
end

-- Why a member may not add anything that others see, or nil. In a direct room `tie` decides, too.
local function refusal_to_write(room, member, tie, user, now)
  if not member then return {outside(room)} end
  if room.archived then return {'archived'} end
  if member.muted_until > now then return {'muted', member.muted_until - now} end
  if room.kind == 'direct' then return refusal_between(tie, user) end
end

-- --- files ------------------------------------------------------------------------------------------------------------
-- {r}:files holds each finished file of the room as a map (Held): u who sent it ('': the server fetched it), f what
-- messages carry of it, s the message that uses it, if any, and v the only user who may see that message, if not all may.
-- {r}:files:gone holds those that were removed and whose bytes nobody erases yet: file -> who sent it.

-- Whether the two of a direct room are friends.
local function are_friends(tie)
  local packed = redis.call('HGET', tie, 'tie')
  return packed ~= false and cmsgpack.unpack(packed).relation == 'friend'
end

-- Why a member may not send files here, or nil.
local function refusal_to_send_files(room, member, tie, user, now)
  local refusal = refusal_to_write(room, member, tie, user, now)
  if refusal then return refusal end
  if room.writers == 'moderators' and not moderates(member) then return {'not_a_moderator'} end
  if room.kind == 'direct' and not are_friends(tie) then return {'not_friends'} end
end

local function file_at(files, id)
  local packed = redis.call('HGET', files, id)
  return packed and cmsgpack.unpack(packed) or nil
end

-- Take a file out of the room; its bytes are erased by whoever reads {r}:files:gone.
local function remove_file(files, gone, id, user)
  redis.call('HDEL', files, id)
  redis.call('HSET', gone, id, user)
end

-- Take the pictures of some previews out of the room; returns how many.
local function remove_pictures(files, gone, previews)
  local removed = 0
  for _, preview in ipairs(previews or {}) do
    if preview.p then
      remove_file(files, gone, preview.p.id, '')
      removed = removed + 1
    end
  end
  return removed
end

-- --- reactions --------------------------------------------------------------------------------------------------------
-- {r}:reacted holds the messages that were ever reacted to. Of each, the hash {r}:reactions:SEQ holds for each emoji
-- 'count rev', rev being the change with which it came, and '*' once its author was told; the sorted set
-- {r}:reactions:SEQ:EMOJI holds who reacted, by rev. A negative rev is a reaction of somebody whom the other of a direct
-- room had blocked: only they see it. These keys cannot be declared: which there are is known only when the first is
-- read. They share the room's tag.

local MOST_KINDS = 20
local FIRST_USERS = 100
local TOLD = '*'

local function reactions_key(meta, seq)
  return meta .. ':reactions:' .. seq
end

-- Change the number of one kind; returns it. A kind that nobody holds any more is gone.
local function count_reaction(hash, emoji, by, rev)
  local count, first = string.match(redis.call('HGET', hash, emoji) or '', '^(%d+) (%d+)$')
  count = (tonumber(count) or 0) + by
  if count > 0 then
    redis.call('HSET', hash, emoji, string.format('%d %s', count, first or tostring(rev)))
  else
    redis.call('HDEL', hash, emoji)
  end
  return count
end

-- The kinds of reactions on a message as {emoji, count, rev}, in the order in which they came.
local function kinds_on(hash)
  local flat, kinds = redis.call('HGETALL', hash), {}
  for i = 1, #flat, 2 do
    local count, rev = string.match(flat[i + 1], '^(%d+) (%d+)$')
    if count then kinds[#kinds + 1] = {flat[i], tonumber(count), tonumber(rev)} end
  end
  table.sort(kinds, function(one, other) return one[3] < other[3] end)
  return kinds
end

-- Who of the two in a direct room reacted, as this one sees it, in the order of reacting.
local function reactors_between(set, viewer)
  local flat, seen = redis.call('ZRANGE', set, 0, -1, 'WITHSCORES'), {}
  for i = 1, #flat, 2 do
    local rev = tonumber(flat[i + 1])
    if rev > 0 or flat[i] == viewer then seen[#seen + 1] = {flat[i], math.abs(rev)} end
  end
  table.sort(seen, function(one, other) return one[2] < other[2] end)
  for i, one in ipairs(seen) do seen[i] = one[1] end
  return seen
end

-- Add to `out` the reactions on one message as the viewer ('' for a visitor) sees them: {seq, emoji, count, whether the
-- viewer is among them (1 | 0), the first users}.
local function add_reactions(out, meta, room, seq, viewer)
  local hash = reactions_key(meta, seq)
  for _, kind in ipairs(kinds_on(hash)) do
    local set, count = hash .. ':' .. kind[1], kind[2]
    local users
    if room.kind == 'direct' then
      users = reactors_between(set, viewer)
      count = #users
    else
      users = redis.call('ZRANGE', set, 0, FIRST_USERS - 1)
    end
    local mine = viewer ~= '' and redis.call('ZSCORE', set, viewer) and 1 or 0
    if count > 0 then out[#out + 1] = {tonumber(seq), kind[1], count, mine, users} end
  end
end

-- How many may be seen on a set of a direct room by everybody, and the one user who sees one more: their own, hidden.
local function counted_between(set, actor)
  local flat, count, more = redis.call('ZRANGE', set, 0, -1, 'WITHSCORES'), 0, nil
  for i = 1, #flat, 2 do
    if tonumber(flat[i + 1]) > 0 then count = count + 1 elseif flat[i] ~= actor then more = flat[i] end
  end
  return count, more
end

-- Store a difference in a message's reactions as the room's next change, and publish it. Returns the change's rev.
local function note_reaction(meta, changes, room, seq, difference, now)
  local packed = cmsgpack.pack(difference)
  local reactions = redis.call('HINCRBY', meta, 'reacted', 1)
  local rev = add_change(meta, changes, room, seq, 'react', reactions, now, 'd', packed)
  redis.call('SPUBLISH', meta .. ':live',
    '\150' .. cmsgpack.pack('r', room.epoch, rev, tonumber(seq), room.seq) .. packed)
  return rev
end

local function drop_reactions(meta, reacted, seq)
  local hash = reactions_key(meta, seq)
  for _, emoji in ipairs(redis.call('HKEYS', hash)) do redis.call('UNLINK', hash .. ':' .. emoji) end
  redis.call('UNLINK', hash)
  redis.call('ZREM', reacted, seq)
end

-- Copy a log's entry into another stream. Of a message that was edited the record keeps no text: what holds is in
-- {r}:now.
local function copy_entry(fresh, now_key, entry)
  local seq = string.match(entry[1], '^%d+')
  local packed = redis.call('HGET', now_key, seq)
  if packed and cmsgpack.unpack(packed).x and entry[2][2] ~= '' then
    local record = cmsgpack.unpack(entry[2][2])
    record.x = ''
    entry[2][2] = cmsgpack.pack(record)
  end
  redis.call('XADD', fresh, entry[1], unpack(entry[2]))
end

-- Copy a change into another stream. Who reacted to a message that was deleted since is left out.
local function copy_change(fresh, now_key, entry)
  local fields = entry[2]
  local packed = fields[6] == 'react' and redis.call('HGET', now_key, fields[2])
  local kept = packed and cmsgpack.unpack(packed).d and 10 or #fields
  redis.call('XADD', fresh, entry[1], unpack(fields, 1, kept))
end

-- Copy what stands behind a number in a stream into another by `copy` (copy_entry, copy_change): at most `count`, or all
-- without it. Returns the last number copied, and how many were.
local function copy_behind(stream, fresh, now_key, number, copy, count)
  local entries = redis.call('XRANGE', stream, '(' .. number .. '-0', '+', unpack(count and {'COUNT', count} or {}))
  for _, entry in ipairs(entries) do
    copy(fresh, now_key, entry)
    number = string.match(entry[1], '^%d+')
  end
  return number, #entries
end

-- One step of such a copy: {'ok', last number copied, 1 if the end was reached}. It begins again with the number 0.
local function copy_some(stream, fresh, now_key, number, copy, count)
  if number == '0' then redis.call('DEL', fresh) end
  local last, copied = copy_behind(stream, fresh, now_key, number, copy, count)
  return {'ok', last, copied < tonumber(count) and 1 or 0}
end

local function give_role(place, user, role)
  local record = cmsgpack.unpack(redis.call('HGET', place.members, user))
  record[1] = role
  put_member(place, user, record)
  local version = redis.call('HINCRBY', place.meta, 'mv', 1)
  publish(place.meta, 'j', version, 'changed', user, role, record[2] or 0, redis.call('HLEN', place.members))
end

-- The person with the highest role who joined first, or nil; never a bot.
local function first_in_line(place)
  local staff = redis.call('ZRANGE', place.ranks, '-inf', '(' .. FIRST_OF.member, 'BYSCORE')
  for _, user in ipairs(staff) do
    if cmsgpack.unpack(redis.call('HGET', place.members, user))[5] ~= 1 then return user end
  end
  return redis.call('ZRANGE', place.ranks, FIRST_OF.member, '(' .. FIRST_BOT, 'BYSCORE', 'LIMIT', 0, 1)[1]
end

-- Remove a member. If the last owner leaves, the first in line becomes owner, or if nobody is left, the next to join.
local function let_go(place, user)
  local record = cmsgpack.unpack(redis.call('HGET', place.members, user))
  local version = redis.call('HINCRBY', place.meta, 'mv', 1)
  redis.call('HDEL', place.members, user)
  redis.call('ZREM', place.ranks, user)
  publish(place.meta, 'j', version, 'left', user, record[1], record[2] or 0, redis.call('HLEN', place.members))
  if record[1] ~= 'owner' or redis.call('HGET', place.meta, 'community') == '1' then return end
  local heir = first_in_line(place)
  if not heir then
    redis.call('HSET', place.meta, 'ownerless', 1)
  elseif member_of(place.members, heir).role ~= 'owner' then
    give_role(place, heir, 'owner')
  end
end
