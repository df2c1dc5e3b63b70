-- Pin a message or take its pin away; for moderators, in a direct room for both. A repeat changes nothing.
-- keys: {r} {r}:log {r}:changes {r}:now {r}:members {r}:tie {r}:pins
-- repeatable
-- changes-log
-- args: now, user, seq, pinned (1 | 0), whether the user is an admin (1 | 0)
-- answers: {'ok', rev} or {reason}
-- p: the message is pinned; q: only this user sees the pin, because the other of a direct room blocked one of the two
-- when it was made or taken away.

local MOST_PINS = 100

local function refusal_of(room, member, tie, user, admin, now)
  if admin and room.kind ~= 'direct' then return room.archived and {'archived'} or nil end
  local refusal = refusal_to_write(room, member, tie, user, now)
  if refusal then return refusal end
  if room.kind ~= 'direct' and not moderates(member) then return {'not_a_moderator'} end
end

-- Who sees a pin after this step: '*' all, '' nobody, else one user. What a blocked user does is theirs alone.
local function seen_after(before, pinned, user, alone, other)
  if not alone then return pinned and '*' or '' end
  local others = before == '*' or before == other
  if pinned then return others and '*' or user end
  return others and other or ''
end

return function(keys, args)
  local meta, log, changes, now_key, members, tie, pins = unpack(keys)
  local now, user, seq, pinned, admin = tonumber(args[1]), args[2], args[3], args[4] == '1', args[5] == '1'
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local refusal = refusal_of(room, member_of(members, user), tie, user, admin, now)
  if refusal then return refusal end
  local record, holds = message_at(log, now_key, seq)
  local only = record and (holds.v or record.v)
  if not record or only and only ~= user then return {'no_such_message'} end
  local alone = room.kind == 'direct' and blocked_between(tie, members, user)
  local before = holds.p and (holds.q or '*') or ''
  local after = seen_after(before, pinned, user, alone, alone and other_of(members, user))
  if before == after then return {'ok', room.rev} end
  if before == '' and redis.call('ZCARD', pins) >= MOST_PINS then return {'too_many_pins'} end

  holds = holding(record, holds)
  holds.p, holds.q = after ~= '' or nil, after ~= '' and after ~= '*' and after or nil
  local rev = note_change(meta, changes, now_key, room, seq, 'pin', holds, now)
  if after == '' then
    redis.call('ZREM', pins, seq)
  elseif before == '' or not alone then  -- else the other would see their pin move
    redis.call('ZADD', pins, rev, seq)
  end
  return {'ok', rev}
end
