-- Remove a member and, with a ban, keep the user out until a time or for good. A user who is not a member can be
-- banned, too. Nothing is appended for the user after this, because append.lua checks the same members.
-- keys: {r} {r}:members {r}:ranks {r}:bans {r}:done {r}:handles {r}:mentions
-- repeatable
-- changes-numbers
-- allow-oom
-- args: intent, now, actor, admin (1 | 0), user, ban ('': none, 0: no end, else its end in ms)
-- answers: {'ok', version, in, last_seq, epoch, role, members} of the user, or {reason}

local function refusal_of(room, actor, admin, target, ban)
  local reason = refusal_to_moderate(room, actor, admin)
  if reason then return reason end
  if not target then return ban == '' and 'no_such_member' or nil end
  if not admin and RANKS[actor.role] <= (RANKS[target.role] or 0) then return 'target_moderates' end
end

-- Drop some bans that have ended. Each ban looks at more than the one it adds, so that few stay.
local function forget_ended(bans, now)
  local some = redis.call('HRANDFIELD', bans, 16, 'WITHVALUES')
  for i = 1, #some, 2 do
    local till = tonumber(some[i + 1])
    if till > 0 and till <= now then redis.call('HDEL', bans, some[i]) end
  end
end

return function(keys, args)
  local place, members = place_of(keys), keys[2]
  local bans, done, handles, mentions = unpack(keys, 4)
  local intent, now, user, ban = args[1], tonumber(args[2]), args[5], args[6]
  local room = meta_of(place.meta)
  if not room then return {'not_found'} end
  if redis.call('ZSCORE', done, intent) then return belonging(place, user) end
  local target = member_of(members, user)
  local reason = refusal_of(room, member_of(members, args[3]), args[4] == '1', target, ban)
  if reason then return {reason} end

  done_before(done, intent, now)
  if ban ~= '' then
    forget_ended(bans, now)
    redis.call('HSET', bans, user, ban)
  end
  if target then
    let_go(place, user)
    unname_member(handles, user)
    forget_mentions_of(mentions, user)
  end
  return belonging(place, user)
end
