-- Tell every process that a user is new, or that what strangers see of them changed. Changes are kept, so that a process
-- that missed some reads those alone.
-- keys: {users} {users}:changes
-- repeatable
-- allow-oom
-- args: user
-- answers: {'ok'}
return function(keys, args)
  local place = redis.call('XADD', keys[2], 'MAXLEN', '~', 10000, '*', 'user', args[1])
  tell(keys[1], 'u', args[1], place)
  return {'ok'}
end
