-- Add an item to a user's inbox. A repeat adds nothing. A quiet item is never counted as unread. A hidden one is not
-- added, which takes as long.
-- keys: {u} {u}:inbox {u}:done
-- repeatable
-- allow-oom
-- args: name of the item (a second item of the same name is a repeat), now, item, how many items to keep, quiet (1 | 0),
-- hidden (1 | 0)
-- answers: {'ok', seq (0: nothing was added)} or {'not_found'}
return function(keys, args)
  local profile, inbox, done = unpack(keys)
  local name, now, item = args[1], tonumber(args[2]), args[3]
  if is_closed(profile) then return {'not_found'} end
  if done_before(done, name, now) or args[6] == '1' then return {'ok', 0} end
  return {'ok', add_item(profile, inbox, now, item, args[4], args[5] == '1')}
end
