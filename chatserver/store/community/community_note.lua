-- Note what somebody who may was seen to do. The oldest notes go when there are some ten thousand.
-- keys: {community} {community}:log {community}:done
-- repeatable
-- allow-oom
-- args: id of the act, now, note (MessagePack)
-- answers: {'ok'}
return function(keys, args)
  note_act(keys[2], keys[3], args[1], tonumber(args[2]), args[3])
  return {'ok'}
end
