-- List the bans of a room, for its moderators. Expired bans are left out.
-- keys: {r} {r}:members {r}:bans
-- no-writes
-- large
-- args: actor, admin (1 | 0), now
-- answers: {'ok', user, until, user, until, …} or {reason}
return function(keys, args)
  local meta, members, bans = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local reason = refusal_to_moderate(room, member_of(members, args[1]), args[2] == '1')
  if reason then return {reason} end
  local held, answer = redis.call('HGETALL', bans), {'ok'}
  for i = 1, #held, 2 do
    local till = tonumber(held[i + 1])
    if till == 0 or till > tonumber(args[3]) then
      answer[#answer + 1], answer[#answer + 2] = held[i], till
    end
  end
  return answer
end
