-- Update the community's profile.
-- keys: {community} {community}:says {community}:log {community}:done
-- repeatable
-- args: id of the act, now, note of it, then fields and values
-- answers: {'ok'}
return function(keys, args)
  redis.call('HSET', keys[2], unpack(args, 4))
  note_act(keys[3], keys[4], args[1], tonumber(args[2]), args[3])
  publish(keys[1], 'says')
  return {'ok'}
end
