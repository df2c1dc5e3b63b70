-- One step of rebuilding a log that had deletions or edits: copy some entries into a new stream. XDEL only marks an
-- entry; its text stays in memory and on disk until the stream is rebuilt. So does the text that an edit replaced.
-- keys: {r} {r}:log {r}:log:fresh {r}:now
-- args: seq after which to copy, how many
-- answers: {'ok', last seq copied, 1 if the end was reached}
return function(keys, args)
  local _, log, fresh, now_key = unpack(keys)
  return copy_some(log, fresh, now_key, args[1], copy_entry, args[2])
end
