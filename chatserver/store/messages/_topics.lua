-- Shared by the functions of messages: topics, and what is read and unread. It stands behind _prelude.lua.
--
-- {r}:topics holds of each topic: t title, b who began it, a when (ms), v its place in the order of beginning, w the last
-- three who wrote in it, the latest first, e whether anybody but b has, c closed, n note, p pinned (the version with
-- which it was), d being deleted. {r}:topic:ID are its undeleted messages. {r}:topical are all messages in topics, the
-- deleted ones, too, as 'SEQ ID'; the meta field `topical` is the highest. {r}:wrote:USER are the topics somebody wrote in,
-- by their last message. {r}:topics:open:active … are the lists. Apart from the first, these keys are not declared where
-- most calls need none of them; they share the room's tag.

local LAST_PEOPLE = 3
local WROTE_KEPT = 500

local function topic_at(meta, id)
  local packed = redis.call('HGET', meta .. ':topics', id)
  return packed and cmsgpack.unpack(packed) or nil
end

local function put_topic(meta, id, topic)
  redis.call('HSET', meta .. ':topics', id, cmsgpack.pack(topic))
end

local function undeleted_key(meta, id)
  return meta .. ':topic:' .. id
end

-- The line that a message is in: the id of its topic, or ''.
local function line_of(meta, seq)
  local found = redis.call('ZRANGE', meta .. ':topical', seq, seq, 'BYSCORE')[1]
  return found and string.match(found, ' (.+)$') or ''
end

local function last_in(meta, id)
  return tonumber(redis.call('ZRANGE', undeleted_key(meta, id), -1, -1)[1])
end

local function list_key(meta, topic, order)
  return meta .. ':topics:' .. (topic.c and 'closed:' or 'open:') .. order
end

-- Put a topic into the lists it belongs to, after it was closed, opened, pinned or not, or lost messages.
local function list_topic(meta, id, topic)
  for _, list in ipairs({'open:active', 'open:new', 'closed:active', 'closed:new', 'pinned'}) do
    redis.call('ZREM', meta .. ':topics:' .. list, id)
  end
  if topic.p then
    redis.call('ZADD', meta .. ':topics:pinned', topic.p, id)
  else
    redis.call('ZADD', list_key(meta, topic, 'active'), last_in(meta, id), id)
    redis.call('ZADD', list_key(meta, topic, 'new'), topic.v, id)
  end
end

local function next_topics_version(meta)
  return redis.call('HINCRBY', meta, 'topics_version', 1)
end

-- A text of at most 140 characters, with which the server goes on, cut between characters.
local function beginning(text)
  if #text <= 560 then return text end
  local cut = 560
  while cut > 0 and string.byte(text, cut + 1) >= 0x80 and string.byte(text, cut + 1) < 0xc0 do cut = cut - 1 end
  return string.sub(text, 1, cut)
end

-- A topic as it is told: {id, title, by, at, closed (1 | 0), note, pinned (1 | 0), the last who wrote, the first message's
-- text, number of messages, the last one's seq and time}.
local function topic_row(meta, id, topic)
  local undeleted = undeleted_key(meta, id)
  local first, last = redis.call('ZRANGE', undeleted, 0, 0)[1], redis.call('ZRANGE', undeleted, -1, -1)[1]
  local log = meta .. ':log'
  local record, holds = message_at(log, meta .. ':now', first)
  local entry = redis.call('XRANGE', log, last .. '-0', last .. '-0')[1]
  return {
    id, topic.t, topic.b, topic.a, topic.c and 1 or 0, topic.n or '', topic.p and 1 or 0, topic.w,
    beginning(record and (holds.x or record.x) or ''), redis.call('ZCARD', undeleted), tonumber(last),
    entry and tonumber(entry[2][4]) or topic.a,
  }
end

local function tell_topic(meta, version, id, topic)
  publish(meta, 'o', version, topic_row(meta, id, topic))
end

-- The last three of `before` and `user`, the latest first.
local function with_latest(before, user)
  local people = {user}
  for person in string.gmatch(before, '%S+') do
    if person ~= user and #people < LAST_PEOPLE then people[#people + 1] = person end
  end
  return table.concat(people, ' ')
end

-- Note a message in a topic: a new one, or one that was moved there.
local function file_message(meta, id, seq)
  redis.call('ZADD', undeleted_key(meta, id), seq, seq)
  redis.call('ZADD', meta .. ':topical', seq, string.format('%d %s', seq, id))
end

-- Note that a user wrote the newest message of a topic.
local function note_writer(meta, id, topic, seq, user)
  if not topic.p then redis.call('ZADD', list_key(meta, topic, 'active'), seq, id) end
  redis.call('ZADD', meta .. ':wrote:' .. user, seq, id)
  redis.call('ZREMRANGEBYRANK', meta .. ':wrote:' .. user, 0, -WROTE_KEPT - 1)
  if string.match(topic.w, '^%S+') == user and (topic.e or user == topic.b) then return end
  topic.w, topic.e = with_latest(topic.w, user), topic.e or user ~= topic.b or nil
  put_topic(meta, id, topic)
end

-- Who wrote the last messages of a topic; looked at are as many as are likely to be by three people.
local function find_people(meta, id)
  local people = ''
  for _, seq in ipairs(redis.call('ZRANGE', undeleted_key(meta, id), -30, -1)) do
    local record = message_at(meta .. ':log', meta .. ':now', seq)
    if record then people = with_latest(people, record.u) end
  end
  return people
end

-- After a topic lost messages: without any it is gone with its title. `told` collects what is to be published at the end.
local function settle_topic(meta, id, told)
  local topic = topic_at(meta, id)
  if not topic then return end
  if redis.call('ZCARD', undeleted_key(meta, id)) > 0 then
    topic.w = find_people(meta, id)
    put_topic(meta, id, topic)
    return list_topic(meta, id, topic)
  end
  redis.call('HDEL', meta .. ':topics', id)
  for _, list in ipairs({'open:active', 'open:new', 'closed:active', 'closed:new', 'pinned'}) do
    redis.call('ZREM', meta .. ':topics:' .. list, id)
  end
  redis.call('SET', meta .. ':scrub', number_of(redis.call('TIME')[1]))
  told[#told + 1] = {next_topics_version(meta), {id}}
end

local function tell_topics(meta, told)
  for _, one in ipairs(told) do publish(meta, 'o', one[1], one[2]) end
end

-- Note that a message was deleted. {r}:gone holds the numbers of deleted messages of the main line, {r}:gone:topical of
-- topics; the meta field `gone` is the highest of them: after it nothing has to be left out of a count.
local function note_gone(meta, seq, line)
  if line == '' then
    redis.call('ZADD', meta .. ':gone', seq, seq)
  else
    redis.call('ZADD', meta .. ':gone:topical', seq, seq)
    redis.call('ZREM', undeleted_key(meta, line), seq)
  end
  if number_of(redis.call('HGET', meta, 'gone')) < seq then redis.call('HSET', meta, 'gone', seq) end
end

-- How many messages of a line stand after one number and up to another.
local function undeleted_in(meta, line, after, upto)
  if upto <= after then return 0 end
  if line ~= '' then return redis.call('ZCOUNT', undeleted_key(meta, line), after + 1, upto) end
  return upto - after - redis.call('ZCOUNT', meta .. ':topical', after + 1, upto)
    - redis.call('ZCOUNT', meta .. ':gone', after + 1, upto)
end

-- Read markers of lines, as rules/messages/reading.py writes them.
local function markers_of(text)
  local markers = {}
  for line, seq in string.gmatch(text, '([^ :]*):(%d+)') do markers[line] = tonumber(seq) end
  return markers
end

-- The numbers of the messages between two that call a user, each once: by name or by a reply, and those that call
-- everyone, if `everyone`; without those by users in `without`.
local function calls_between(mentions, user, after, upto, everyone, without)
  local found, seen = {}, {}
  for _, called in ipairs(everyone and {user, EVERYONE} or {user}) do
    local first = string.format('[%s:%016d', called, after + 1)
    local last = string.format('(%s:%016d;', called, upto)
    for _, entry in ipairs(redis.call('ZRANGEBYLEX', mentions, first, last)) do
      local seq, author = string.match(entry, '(%d+):([^:]*)$')
      if not without[author] and not seen[seq] then
        seen[seq] = true
        found[#found + 1] = tonumber(seq)
      end
    end
  end
  return found
end

-- Delete a message and all that belongs to it; returns the tombstone, which keeps id, author, time and topic, never the
-- text. The caller stores that as a change.
local function bury(meta, room, seq, entry, record, holds, now)
  local log, line = meta .. ':log', holds.o or record.o or ''
  redis.call('XDEL', log, seq .. '-0')
  redis.call('SET', meta .. ':scrub', now)
  forget_calls(meta .. ':mentions', seq, record.u, called_of({m = holds.m or record.m, y = record.y, a = record.a}))
  drop_reactions(meta, meta .. ':reacted', seq)
  redis.call('ZREM', meta .. ':pins', seq)
  note_gone(meta, seq, line)
  local files, gone = meta .. ':files', meta .. ':files:gone'
  for _, file in ipairs(record.b or {}) do remove_file(files, gone, file.id, record.u) end
  remove_pictures(files, gone, holds.l)
  return {
    d = true, v = record.v, i = record.i, u = record.u, t = tonumber(entry[2][4]), e = now,
    o = line ~= '' and line or nil,
  }
end
