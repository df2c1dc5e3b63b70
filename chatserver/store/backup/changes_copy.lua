-- One step of rebuilding a room's changes after deletions: copy some into a new stream, without the reactions to messages
-- that were deleted.
-- keys: {r} {r}:changes {r}:changes:fresh {r}:now
-- args: rev after which to copy, how many
-- answers: {'ok', last rev copied, 1 if the end was reached}
return function(keys, args)
  local changes, fresh, now_key = keys[2], keys[3], keys[4]
  if args[1] == '0' then redis.call('DEL', fresh) end
  local entries = redis.call('XRANGE', changes, '(' .. args[1] .. '-0', '+', 'COUNT', args[2])
  local last = args[1]
  for _, entry in ipairs(entries) do
    copy_change(fresh, now_key, entry)
    last = string.match(entry[1], '^%d+')
  end
  return {'ok', last, #entries < tonumber(args[2]) and 1 or 0}
end
