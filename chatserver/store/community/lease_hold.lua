-- Take the host's lease if it is free, or renew it if this process holds it.
-- keys: {c}:host
-- repeatable
-- args: process, how long it lasts (ms)
-- answers: {'ok'} or {'held'}
return function(keys, args)
  local holder = redis.call('GET', keys[1])
  if holder and holder ~= args[1] then return {'held'} end
  redis.call('SET', keys[1], args[1], 'PX', args[2])
  return {'ok'}
end
