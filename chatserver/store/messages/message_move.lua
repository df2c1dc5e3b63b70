-- Move messages into another line of their room; for moderators. A message that is there already stays as it is.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:members {r}:topics {r}:topical
-- repeatable
-- changes-log
-- args: now, user, whether the user is an admin (1 | 0), topic ('': the main line), then the seqs
-- answers: {'ok', {rev, …}} in the order of the seqs; {'no_such_message', which of the seqs, from 0} or {reason}

local function refusal_of(room, member, user, admin, now, topic)
  local reason = refusal_to_moderate(room, member, admin)
  if reason then return {reason} end
  if room.archived then return {'archived'} end
  if not admin and member.muted_until > now then return {'muted', member.muted_until - now} end
  if topic == '' and room.forum then return {'topic_required'} end
end

local function refusal_to_file(meta, topic)
  local found = topic ~= '' and topic_at(meta, topic)
  if topic == '' or found and not found.d and not found.c then return nil end
  return {found and not found.d and 'topic_closed' or 'no_such_topic'}
end

-- Move one message out of a line and into another; its author has written there then.
local function refile(meta, seq, from, to, author)
  if from ~= '' then
    redis.call('ZREM', undeleted_key(meta, from), seq)
    redis.call('ZREM', meta .. ':topical', string.format('%d %s', seq, from))
  end
  if to == '' then return end
  file_message(meta, to, seq)
  redis.call('ZADD', meta .. ':wrote:' .. author, 'GT', seq, to)
end

return function(keys, args)
  local meta, log, changes, now_key, members = unpack(keys)
  local now, user, admin, topic = tonumber(args[1]), args[2], args[3] == '1', args[4]
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local refusal = refusal_of(room, member_of(members, user), user, admin, now, topic) or refusal_to_file(meta, topic)
  if refusal then return refusal end
  for i = 5, #args do
    if not message_at(log, now_key, args[i]) then return {'no_such_message', i - 5} end
  end

  local revs, left, told, highest, found = {}, {}, {}, room.topical, topic ~= '' and topic_at(meta, topic)
  for i = 5, #args do
    local seq = tonumber(args[i])
    local record, holds = message_at(log, now_key, args[i])
    local from = holds.o or record.o or ''
    if from ~= topic then
      refile(meta, seq, from, topic, record.u)
      holds = holding(record, holds)
      holds.o = topic
      room.rev = note_change(meta, changes, now_key, room, args[i], 'move', holds, now)
      if from ~= '' then left[from] = true end
      if found then highest, found.e = math.max(highest, seq), found.e or record.u ~= found.b or nil end
    end
    revs[#revs + 1] = room.rev
  end
  if highest > room.topical then redis.call('HSET', meta, 'topical', highest) end
  if found then
    put_topic(meta, topic, found)
    settle_topic(meta, topic, told)
  end
  for from in pairs(left) do settle_topic(meta, from, told) end
  tell_topics(meta, told)
  return {'ok', revs}
end
