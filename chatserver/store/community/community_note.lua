-- Record an act of a moderator or admin. The newest 10,000 or so are kept.
-- keys: {community} {community}:log {community}:done
-- repeatable
-- allow-oom
-- args: id of the act, now, note (MessagePack)
-- answers: {'ok'}
return function(keys, args)
  note_act(keys[2], keys[3], args[1], tonumber(args[2]), args[3])
  return {'ok'}
end
