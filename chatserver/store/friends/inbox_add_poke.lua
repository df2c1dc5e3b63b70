-- Add a poke to a user's inbox: today, or on the first day on which fewer than the most are shown; until then it waits
-- in {u}:later. A repeat adds nothing, and neither does a hidden one, which takes as long.
-- keys: {u} {u}:inbox {u}:done {u}:later
-- repeatable
-- allow-oom
-- args: name of the item (a second item of the same name is a repeat), now, item, how many items to keep, hidden (1 | 0),
-- most shown on a day, today (days since 1970 in the community's time zone), when the next day begins, when the poke
-- can no longer be returned
-- answers: {'ok', seq (0: nothing was added)} or {'not_found'}
return function(keys, args)
  local profile, inbox, done, later = unpack(keys)
  local name, now, item, today = args[1], tonumber(args[2]), args[3], tonumber(args[7])
  if is_closed(profile) then return {'not_found'} end
  if done_before(done, name, now) or args[5] == '1' then return {'ok', 0} end
  local day, count = string.match(redis.call('HGET', profile, 'pokes_shown') or '0 0', '^(%d+) (%d+)$')
  day, count = tonumber(day), tonumber(count)
  if day < today then day, count = today, 0 end
  if count >= tonumber(args[6]) then day, count = day + 1, 0 end
  local due = tonumber(args[8]) + (day - today - 1) * 86400000
  if day > today and due >= tonumber(args[9]) then return {'ok', 0} end
  redis.call('HSET', profile, 'pokes_shown', string.format('%d %d', day, count + 1))
  if day == today then return {'ok', add_item(profile, inbox, now, item, args[4])} end
  redis.call('ZADD', later, due, item)
  note_later(profile, later)
  return {'ok', 0}
end
