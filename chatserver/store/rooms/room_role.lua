-- Give a member another role; for owners and admins. An owner cannot demote another owner, and the last owner stays.
-- keys: {r} {r}:members {r}:ranks {r}:done
-- repeatable
-- allow-oom
-- args: intent, now, actor, admin (1 | 0), user, role
-- answers: {'ok'} or {reason}

local function refusal_of(place, room, actor, admin, target, role, itself)
  local reason = refusal_to_moderate(room, actor, admin)
  if reason == 'not_a_moderator' or not reason and not admin and actor.role ~= 'owner' then return 'not_an_owner' end
  if reason then return reason end
  if not target then return 'no_such_member' end
  if target.role ~= 'owner' or role == 'owner' then return nil end
  if not admin and not itself then return 'target_owns' end
  if redis.call('HGET', place.meta, 'community') ~= '1' and count_owners(place) == 1 then return 'last_owner' end
end

return function(keys, args)
  local place, members, done = place_of(keys), keys[2], keys[4]
  local actor, admin, user, role = args[3], args[4] == '1', args[5], args[6]
  local room = meta_of(place.meta)
  if not room then return {'not_found'} end
  if redis.call('ZSCORE', done, args[1]) then return {'ok'} end
  local target = member_of(members, user)
  local reason = refusal_of(place, room, member_of(members, actor), admin, target, role, actor == user)
  if reason then return {reason} end
  done_before(done, args[1], tonumber(args[2]))
  if target.role ~= role then give_role(place, user, role) end
  return {'ok'}
end
