-- One step of rebuilding a log that had deletions or edits: copy some entries into a new stream. XDEL only marks an
-- entry; its text stays in memory and on disk until the stream is rebuilt. So does the text that an edit replaced.
-- keys: {r} {r}:log {r}:log:fresh {r}:now
-- args: seq after which to copy, how many
-- answers: {'ok', last seq copied, 1 if the end was reached}
return function(keys, args)
  local log, fresh, now_key = keys[2], keys[3], keys[4]
  if args[1] == '0' then redis.call('DEL', fresh) end
  local entries = redis.call('XRANGE', log, '(' .. args[1] .. '-0', '+', 'COUNT', args[2])
  local last = args[1]
  for _, entry in ipairs(entries) do
    copy_entry(fresh, now_key, entry)
    last = string.match(entry[1], '^%d+')
  end
  return {'ok', last, #entries < tonumber(args[2]) and 1 or 0}
end
