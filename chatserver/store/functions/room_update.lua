-- A moderator changes what a room says of itself. New words of its own take the place of a starter room's words in
-- every language.
-- keys: {r} {r}:members {r}:done
-- repeatable
-- args: intent, now, actor, admin (1 | 0), then meta fields and values
-- answers: {'ok', version, kind, title, about, tags, titles, abouts, window, bots, created_at, slow_mode} or {reason}

local function change(meta, args)
  for i = 5, #args, 2 do
    redis.call('HSET', meta, args[i], args[i + 1])
    if args[i] == 'title' then redis.call('HDEL', meta, 'titles') end
    if args[i] == 'about' then redis.call('HDEL', meta, 'abouts') end
  end
  tell(meta, 's', redis.call('HINCRBY', meta, 'mv', 1))
end

return function(keys, args)
  local meta, members, done = unpack(keys)
  local room = standing(meta)
  if not room then return {'not_found'} end
  if not redis.call('ZSCORE', done, args[1]) then
    local reason = refusal_to_moderate(room, member_of(members, args[3]), args[4] == '1')
    if reason then return {reason} end
    done_before(done, args[1], tonumber(args[2]))
    change(meta, args)
  end
  local now = redis.call('HMGET', meta, 'mv', 'kind', 'title', 'about', 'tags', 'titles', 'abouts', 'window', 'bots',
    'created_at', 'slow_mode')
  for i = 1, 11 do now[i] = now[i] or '' end
  return {'ok', unpack(now, 1, 11)}
end
