-- Remove a reaction, one's own or as a moderator anyone's, or all. Where there is none, nothing changes.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:members
-- repeatable
-- allow-oom
-- args: now, actor, admin (1 | 0), seq, user ('': everybody), emoji ('': every one, only for everybody)
-- answers: {'ok', rev} or {reason}

local function refusal_of(room, member, admin, own)
  if own then return not member and outside(room) or nil end
  return refusal_to_moderate(room, member, admin)
end

-- The difference that a user's removed reaction makes; nil if there was none. Whom it was hidden from, it stays hidden.
local function remove_one(room, hash, emoji, user)
  local set = hash .. ':' .. emoji
  local score = redis.call('ZSCORE', set, user)
  if not score then return nil end
  redis.call('ZREM', set, user)
  local difference = {e = emoji, u = user, a = false, n = count_reaction(hash, emoji, -1)}
  if room.kind == 'direct' then
    local hidden = tonumber(score) < 0
    local count, more = counted_between(set, user)
    difference.n, difference.v, difference.w = count, hidden and user or nil, not hidden and more or nil
  end
  return difference
end

-- The difference that is made by removing everybody's; nil if there were none.
local function clear(hash, emoji)
  local found = false
  for _, kind in ipairs(kinds_on(hash)) do
    if emoji == '' or kind[1] == emoji then
      found = true
      redis.call('UNLINK', hash .. ':' .. kind[1])
      redis.call('HDEL', hash, kind[1])
    end
  end
  if found then return {c = true, e = emoji ~= '' and emoji or nil} end
end

return function(keys, args)
  local meta, log, changes, now_key, members = unpack(keys)
  local now, actor, admin, seq, user, emoji = tonumber(args[1]), args[2], args[3] == '1', args[4], args[5], args[6]
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local reason = refusal_of(room, member_of(members, actor), admin, user == actor)
  if reason then return {reason} end
  local record, holds = message_at(log, now_key, seq)
  local only = record and (holds.v or record.v)
  if not record or only and only ~= actor then return {'no_such_message'} end
  local hash = reactions_key(meta, seq)
  local difference
  if user == '' then difference = clear(hash, emoji) else difference = remove_one(room, hash, emoji, user) end
  if not difference then return {'ok', room.rev} end
  return {'ok', note_reaction(meta, changes, room, seq, difference, now)}
end
