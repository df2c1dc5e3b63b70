-- Count a message of a user whose messages are still few, or take one away that was deleted. `wrote` holds the first
-- few that stand, as room/seq; a repeat changes nothing.
-- keys: {u}
-- repeatable
-- allow-oom
-- args: room/seq, whether it stands (1 | 0), how many are kept, its id
-- answers: {'ok'} or {'not_found'}
return function(keys, args)
  local held = redis.call('HMGET', keys[1], 'handle', 'closed', 'wrote', 'first')
  if not held[1] or held[2] == '1' then return {'not_found'} end
  local message, stands, most = args[1], args[2] == '1', tonumber(args[3])
  if held[4] and held[4] == args[4] then redis.call('HDEL', keys[1], 'first') end
  local kept, known = {}, false
  for one in string.gmatch(held[3] or '', '%S+') do
    known = known or one == message
    if stands or one ~= message then kept[#kept + 1] = one end
  end
  if known == stands or (stands and #kept >= most) then return {'ok'} end
  if stands then kept[#kept + 1] = message end
  local wrote = table.concat(kept, ' ')
  redis.call('HSET', keys[1], 'wrote', wrote)
  publish(keys[1], 'wrote', wrote)
  return {'ok'}
end
