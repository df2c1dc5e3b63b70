-- Join a room. An open room takes anyone; a closed one needs its link or an invitation; a bot needs a moderator, or an
-- owner who moderates the room, unless the room takes bots.
-- keys: {r} {r}:members {r}:ranks {r}:bans {r}:done {r}:invited {r}:handles
-- repeatable
-- changes-numbers
-- args: intent, now, user, link, bot (1 | 0), owner of the bot, moderator who admits it ('' if none), admin (1 | 0),
-- handle of the user
-- answers: {'ok', version, in, last_seq, epoch, role, members}, {'banned', until} or {reason}

local function banned_until(bans, user, now)
  local till = redis.call('HGET', bans, user)
  if till and (till == '0' or tonumber(till) > now) then return tonumber(till) end
end

local function is_invited(invited, user, now)
  local at = redis.call('ZSCORE', invited, user)
  return at and tonumber(at) > now - INVITED_MS
end

-- A bot admitted by a moderator needs no link. A user banned from a closed room gets the same not_found as everyone
-- outside.
local function refusal_of(meta, members, bans, invited, room, args)
  local now, user, link, bot, owner = tonumber(args[2]), args[3], args[4], args[5] == '1', args[6]
  local vouched = args[7] ~= '' or bot and moderates(member_of(members, owner))
    or is_invited(invited, user, now)
  if room.kind == 'closed' and not vouched and (link == '' or link ~= redis.call('HGET', meta, 'link')) then
    return {'not_found'}
  end
  local till = banned_until(bans, user, now)
  if till then return room.kind == 'closed' and not vouched and {'not_found'} or {'banned', till} end
  if room.archived then return {'archived'} end
  if bot and not vouched and redis.call('HGET', meta, 'bots') ~= '1' then return {'bots_not_invited'} end
end

-- The first members of a starter room become moderators. The first to join a room that everyone had left owns it.
local function role_of_newcomer(meta, bot)
  if bot then return 'member' end
  if redis.call('HDEL', meta, 'ownerless') == 1 then return 'owner' end
  if number_of(redis.call('HGET', meta, 'first_members')) > 0 then
    redis.call('HINCRBY', meta, 'first_members', -1)
    return 'moderator'
  end
  return 'member'
end

return function(keys, args)
  local place, meta, members = place_of(keys), keys[1], keys[2]
  local bans, done, invited, handles = unpack(keys, 4)
  local intent, now, user, bot = args[1], tonumber(args[2]), args[3], tonumber(args[5])
  local room = meta_of(meta)
  if not room or room.kind == 'direct' then return {'not_found'} end
  if redis.call('ZSCORE', done, intent) then return belonging(place, user) end
  local reason = args[7] ~= '' and refusal_to_moderate(room, member_of(members, args[7]), args[8] == '1')
  if reason then return {reason} end
  if member_of(members, user) then return belonging(place, user) end
  local refusal = refusal_of(meta, members, bans, invited, room, args)
  if refusal then return refusal end

  done_before(done, intent, now)
  redis.call('HDEL', bans, user)
  redis.call('ZREM', invited, user)
  let_in(place, user, role_of_newcomer(meta, bot == 1), bot, now)
  name_member(handles, user, args[9] or '')
  return belonging(place, user)
end
