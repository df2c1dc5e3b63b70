-- Move the pokes whose day has come into a user's inbox: those that still stand; the others are dropped.
-- keys: {u} {u}:inbox {u}:later
-- repeatable
-- allow-oom
-- args: now, how many items to keep, then ids of the pokes that still stand
-- answers: {'ok'} or {'not_found'}
return function(keys, args)
  local profile, inbox, later = unpack(keys)
  local now, stands = tonumber(args[1]), {}
  if is_closed(profile) then return {'not_found'} end
  for i = 3, #args do stands[args[i]] = true end
  for _, item in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', now)) do
    redis.call('ZREM', later, item)
    if stands[cjson.decode(item).about] then add_item(profile, inbox, now, item, args[2]) end
  end
  note_later(profile, later)
  return {'ok'}
end
