-- React to a message. A repeat changes nothing.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:members {r}:tie {r}:reacted
-- repeatable
-- args: now, user, seq, emoji
-- answers: {'ok', rev, author, id of the message, 1 if the author may have to be told of the first reaction} or {reason}

-- How many kinds there are, as this user sees it: in a direct room without those that only the other sees.
local function kinds_seen(meta, room, seq, hash, user)
  if room.kind ~= 'direct' then return redis.call('HLEN', hash) - redis.call('HEXISTS', hash, TOLD) end
  local seen = {}
  add_reactions(seen, meta, room, seq, user)
  return #seen
end

return function(keys, args)
  local meta, log, changes, now_key, members, tie, reacted = unpack(keys)
  local now, user, seq, emoji = tonumber(args[1]), args[2], args[3], args[4]
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local refusal = refusal_to_write(room, member_of(members, user), tie, user, now)
  if refusal then return refusal end
  local record, holds = message_at(log, now_key, seq)
  local only = record and (holds.v or record.v)
  if not record or only and only ~= user then return {'no_such_message'} end
  local hash = reactions_key(meta, seq)
  local set = hash .. ':' .. emoji
  if redis.call('ZSCORE', set, user) then return {'ok', room.rev, record.u, record.i, 0} end
  if redis.call('HEXISTS', hash, emoji) == 0 and kinds_seen(meta, room, seq, hash, user) >= MOST_KINDS then
    return {'too_many_reactions'}
  end

  local hidden = room.kind == 'direct' and (only or blocked_between(tie, members, user)) and user or nil
  local rev = room.rev + 1
  redis.call('ZADD', set, hidden and -rev or rev, user)
  redis.call('ZADD', reacted, seq, seq)
  local difference = {e = emoji, u = user, a = true, n = count_reaction(hash, emoji, 1, rev), v = hidden}
  if room.kind == 'direct' then
    local count, more = counted_between(set, user)
    difference.n, difference.w = hidden and count + 1 or count, not hidden and more or nil
  end
  local told = hidden or record.u == user or redis.call('HEXISTS', hash, TOLD) == 1
  return {'ok', note_reaction(meta, changes, room, seq, difference, now), record.u, record.i, told and 0 or 1}
end
