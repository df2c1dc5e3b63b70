-- One step of rebuilding a log that had deletions: copy some entries into a new stream. XDEL only marks an entry; its
-- text stays in memory and on disk until the stream is rebuilt.
-- keys: {r} {r}:log {r}:log:fresh
-- args: seq after which to copy, how many
-- answers: {'ok', last seq copied, 1 if the end was reached}
return function(keys, args)
  local log, fresh = keys[2], keys[3]
  if args[1] == '0' then redis.call('DEL', fresh) end
  local entries = redis.call('XRANGE', log, '(' .. args[1] .. '-0', '+', 'COUNT', args[2])
  local last = args[1]
  for _, entry in ipairs(entries) do
    redis.call('XADD', fresh, entry[1], unpack(entry[2]))
    last = string.match(entry[1], '^%d+')
  end
  return {'ok', last, #entries < tonumber(args[2]) and 1 or 0}
end
