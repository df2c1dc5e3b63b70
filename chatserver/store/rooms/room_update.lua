-- Update a room's title, description and settings; for moderators. A new title or description replaces that of a
-- starter room in every language. Only admins set window, because a window room represents the community.
-- keys: {r} {r}:members {r}:done
-- repeatable
-- args: intent, now, actor, admin (1 | 0), then meta fields and values
-- answers: as words_of, or {reason}

local function change(meta, args)
  for i = 5, #args, 2 do
    redis.call('HSET', meta, args[i], args[i + 1])
    if args[i] == 'title' then redis.call('HDEL', meta, 'titles') end
    if args[i] == 'about' then redis.call('HDEL', meta, 'abouts') end
  end
  publish(meta, 's', redis.call('HINCRBY', meta, 'mv', 1))
end

local function refusal_of(room, actor, admin, args)
  local reason = refusal_to_moderate(room, actor, admin)
  if reason then return reason end
  for i = 5, #args, 2 do
    if args[i] == 'window' and not admin then return 'not_an_admin' end
    if args[i] == 'window' and args[i + 1] == '1' and room.kind ~= 'open' then return 'not_open' end
  end
end

return function(keys, args)
  local meta, members, done = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  if not redis.call('ZSCORE', done, args[1]) then
    local reason = refusal_of(room, member_of(members, args[3]), args[4] == '1', args)
    if reason then return {reason} end
    done_before(done, args[1], tonumber(args[2]))
    change(meta, args)
  end
  return words_of(meta)
end
