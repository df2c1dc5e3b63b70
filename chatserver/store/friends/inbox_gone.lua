-- Tell a user's connections that what an item is about no longer exists. A poke that was not shown yet is dropped
-- without a word, and a hidden one reaches nobody.
-- keys: {u} {u}:later
-- repeatable
-- allow-oom
-- args: id of the poke or card, hidden (1 | 0)
-- answers: {'ok'}
return function(keys, args)
  local profile, later = unpack(keys)
  for _, item in ipairs(redis.call('ZRANGE', later, 0, -1)) do
    if cjson.decode(item).about == args[1] then
      redis.call('ZREM', later, item)
      note_later(profile, later)
      return {'ok'}
    end
  end
  if args[2] ~= '1' then publish(profile, 'gone', args[1]) end
  return {'ok'}
end
