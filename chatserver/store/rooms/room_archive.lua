-- Archive a room, or undo it; for owners and admins. Members can still read an archived room; it takes nothing new.
-- keys: {r} {r}:members {r}:done
-- repeatable
-- args: intent, now, actor, admin (1 | 0), archived (1 | 0)
-- answers: as words_of, or {reason}

local function refusal_of(room, actor, admin)
  local reason = refusal_to_moderate(room, actor, admin)
  if reason == 'not_a_moderator' or not reason and not admin and actor.role ~= 'owner' then return 'not_an_owner' end
  return reason
end

return function(keys, args)
  local meta, members, done = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  if not redis.call('ZSCORE', done, args[1]) then
    local reason = refusal_of(room, member_of(members, args[3]), args[4] == '1')
    if reason then return {reason} end
    done_before(done, args[1], tonumber(args[2]))
    if room.archived ~= (args[5] == '1') then
      redis.call('HSET', meta, 'archived', args[5])
      publish(meta, 's', redis.call('HINCRBY', meta, 'mv', 1))
    end
  end
  return words_of(meta)
end
