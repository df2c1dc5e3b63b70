-- One step of rebuilding a room's changes after deletions: copy some into a new stream, without the reactions to messages
-- that were deleted.
-- keys: {r} {r}:changes {r}:changes:fresh {r}:now
-- args: rev after which to copy, how many
-- answers: {'ok', last rev copied, 1 if the end was reached}
return function(keys, args)
  local _, changes, fresh, now_key = unpack(keys)
  return copy_some(changes, fresh, now_key, args[1], copy_change, args[2])
end
