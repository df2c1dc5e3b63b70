-- Change a topic's title, its note, whether it is closed or pinned; for moderators, and the title also for its author,
-- until somebody else has written. What is as it was is no change.
-- keys: {r} {r}:log {r}:now {r}:members {r}:topics {r}:scrub
-- repeatable
-- args: now, user, whether the user is an admin (1 | 0), topic, then names and values: title, note, closed (1 | 0),
-- pinned (1 | 0)
-- answers: {'ok', version of the topics, the topic as topic_row} or {reason}

local MOST_PINNED = 20

local function refusal_of(room, member, topic, user, admin, now, given)
  if not member and not admin then return {outside(room)} end
  if room.kind == 'direct' or not topic or topic.d then return {'no_such_topic'} end
  if room.archived then return {'archived'} end
  if member and member.muted_until > now then return {'muted', member.muted_until - now} end
  if admin or moderates(member) then return nil end
  local own = topic.b == user and not topic.e
  if not own or given.note or given.closed or given.pinned then return {'not_a_moderator'} end
end

local function is_other(topic, given)
  return given.title and given.title ~= topic.t or given.note and given.note ~= (topic.n or '')
    or given.closed and (given.closed == '1') ~= (topic.c == true)
    or given.pinned and (given.pinned == '1') ~= (topic.p ~= nil)
end

return function(keys, args)
  local meta, _, _, members, _, scrub = unpack(keys)
  local now, user, admin, id = tonumber(args[1]), args[2], args[3] == '1', args[4]
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local given, topic = {}, topic_at(meta, id)
  for i = 5, #args, 2 do given[args[i]] = args[i + 1] end
  local refusal = refusal_of(room, member_of(members, user), topic, user, admin, now, given)
  if refusal then return refusal end
  if not is_other(topic, given) then
    return {'ok', number_of(redis.call('HGET', meta, 'topics_version')), topic_row(meta, id, topic)}
  end
  if given.pinned == '1' and not topic.p and redis.call('ZCARD', meta .. ':topics:pinned') >= MOST_PINNED then
    return {'too_many_pins'}
  end

  local version = next_topics_version(meta)
  if given.title or given.note then redis.call('SET', scrub, now) end
  topic.t, topic.n = given.title or topic.t, given.note or topic.n
  if given.closed then topic.c = given.closed == '1' or nil end
  if given.pinned == '0' then topic.p = nil elseif given.pinned == '1' then topic.p = topic.p or version end
  put_topic(meta, id, topic)
  list_topic(meta, id, topic)
  tell_topic(meta, version, id, topic)
  return {'ok', version, topic_row(meta, id, topic)}
end
