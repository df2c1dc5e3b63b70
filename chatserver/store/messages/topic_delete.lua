-- Delete a topic, some of its messages at a time, as one change for each page; for moderators, and for its author until
-- somebody else has written. From the first page on nothing is written into it. After the last page it is gone.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:members {r}:done {r}:files:gone {r}:mentions {r}:scrub {r}:reacted {r}:pins {r}:gone {r}:files
-- repeatable
-- changes-log
-- allow-oom
-- args: intent, now, user, whether the user is an admin (1 | 0), topic, most messages
-- answers: {'ok', whether there are more (1 | 0), who began it, {author, seq, …} of the messages deleted now,
-- {file, who sent it, …} of all files in the room whose bytes must be erased} or {reason}

local function refusal_of(room, member, topic, user, admin)
  if not member and not admin then return {outside(room)} end
  if not topic or topic.d then return {'no_such_topic'} end
  if admin or moderates(member) then return nil end
  if topic.b ~= user or topic.e then return {'not_a_moderator'} end
end

-- Consecutive numbers as pairs: {4, 5, 6, 9} are {4, 6, 9, 9}.
local function ranges_of(seqs)
  local ranges = {}
  for _, seq in ipairs(seqs) do
    if ranges[#ranges] == seq - 1 then ranges[#ranges] = seq else ranges[#ranges + 1], ranges[#ranges + 2] = seq, seq end
  end
  return ranges
end

local function bury_all(meta, room, log, now_key, seqs, now)
  local buried = {}
  for _, seq in ipairs(seqs) do
    local entry = redis.call('XRANGE', log, seq .. '-0', seq .. '-0')[1]
    local record, holds = message_at(log, now_key, seq)
    redis.call('HSET', now_key, seq, cmsgpack.pack(bury(meta, room, seq, entry, record, holds, now)))
    buried[#buried + 1], buried[#buried + 2] = record.u, seq
  end
  return buried
end

-- Store and publish the deletion of many messages as the room's next change.
local function note_purge(meta, changes, room, seqs, now)
  local packed = cmsgpack.pack(ranges_of(seqs))
  local reactions = redis.call('HGET', meta, 'reacted') or 0
  local rev = add_change(meta, changes, room, seqs[1], 'purge', reactions, now, 'd', packed)
  redis.call('SPUBLISH', meta .. ':live', '\150' .. cmsgpack.pack('p', room.epoch, rev, seqs[1], room.seq) .. packed)
end

return function(keys, args)
  local meta, log, changes, now_key, members, done, removed = unpack(keys)
  local intent, now, user, admin, id, most = args[1], tonumber(args[2]), args[3], args[4] == '1', args[5], tonumber(args[6])
  local room, told = meta_of(meta), {}
  if not room then return {'not_found'} end
  local topic = topic_at(meta, id)
  if redis.call('ZSCORE', done, intent) then
    if not topic then return {'ok', 0, '', {}, redis.call('HGETALL', removed)} end
  else
    local refusal = refusal_of(room, member_of(members, user), topic, user, admin)
    if refusal then return refusal end
    done_before(done, intent, now)
    topic.d = true
    put_topic(meta, id, topic)
  end
  local seqs = redis.call('ZRANGE', undeleted_key(meta, id), 0, most - 1)
  for i, seq in ipairs(seqs) do seqs[i] = tonumber(seq) end
  local buried = bury_all(meta, room, log, now_key, seqs, now)
  if #seqs > 0 then note_purge(meta, changes, room, seqs, now) end
  local left = redis.call('ZCARD', undeleted_key(meta, id))
  if left == 0 then settle_topic(meta, id, told) end
  tell_topics(meta, told)
  return {'ok', left > 0 and 1 or 0, topic.b, buried, redis.call('HGETALL', removed)}
end
