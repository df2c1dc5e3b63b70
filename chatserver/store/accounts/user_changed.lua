-- Notify every process that a user is new or changed something that strangers see. Recent changes are stored, so a
-- process that missed some reads only those users again.
-- keys: {users} {users}:changes
-- repeatable
-- allow-oom
-- args: user
-- answers: {'ok'}
return function(keys, args)
  local place = redis.call('XADD', keys[2], 'MAXLEN', '~', 10000, '*', 'user', args[1])
  publish(keys[1], 'u', args[1], place)
  return {'ok'}
end
