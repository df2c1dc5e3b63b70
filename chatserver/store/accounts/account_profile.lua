-- Update a user's profile. A name equal to the old one does not count as a change of name.
-- keys: {u}
-- repeatable
-- args: now, least time between two changes of name (ms), then fields and values
-- answers: {'ok'}, {'not_found'} or {'name_too_soon', when the name was last set}
return function(keys, args)
  local profile, now, least = keys[1], tonumber(args[1]), tonumber(args[2])
  local before = redis.call('HMGET', profile, 'name', 'named_at', 'closed')
  if not before[1] or before[3] == '1' then return {'not_found'} end
  local named_at, new_name = number_of(before[2]), nil
  for i = 3, #args, 2 do
    if args[i] == 'name' and args[i + 1] ~= before[1] then new_name = args[i + 1] end
  end
  if new_name and named_at > 0 and now < named_at + least then return {'name_too_soon', named_at} end
  if #args > 2 then redis.call('HSET', profile, unpack(args, 3)) end
  if new_name then redis.call('HSET', profile, 'named_at', now) end
  publish_to_user(profile, 'profile')
  return {'ok'}
end
