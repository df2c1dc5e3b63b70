-- Record which members of a room are connected to one process, and drop processes that were silent for too long.
-- keys: {r} {r}:here
-- repeatable
-- changes-numbers
-- args: now, process, silence after which a process is dropped (ms), how many, their ids (separated by spaces; '' above
-- 200)
-- answers: {'ok'}
return function(keys, args)
  local here, now, process, silence = keys[2], tonumber(args[1]), args[2], tonumber(args[3])
  if redis.call('EXISTS', keys[1]) == 0 then return {'not_found'} end
  local all = redis.call('HGETALL', here)
  for i = 1, #all, 2 do
    local at = number_of(string.match(all[i + 1], '^%d+'))
    if at < now - silence then redis.call('HDEL', here, all[i]) end
  end
  local value = now .. ' ' .. args[4] .. ' ' .. args[5]
  if tonumber(args[4]) == 0 then redis.call('HDEL', here, process) else redis.call('HSET', here, process, value) end
  publish(keys[1], 'h', process, value)
  return {'ok'}
end
