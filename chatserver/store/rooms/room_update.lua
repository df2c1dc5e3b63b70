-- Update a room's title, description and settings; for moderators. A new title or description replaces that of a
-- starter room in every language. Only admins set window, because a window room represents the community. Only owners
-- and admins set never_window, because nobody can undo it.
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

local function refusal_of_window(room, window, never)
  if window == '1' and room.kind ~= 'open' then return 'not_open' end
  if never == '0' and room.never_window then return 'never_window' end
  local is_window, is_never = room.window, room.never_window
  if window then is_window = window == '1' end
  if never then is_never = never == '1' end
  if is_window and is_never then return window == '1' and 'never_window' or 'is_window' end
end

local function refusal_of(meta, room, actor, admin, args)
  local reason = refusal_to_moderate(room, actor, admin)
  if reason then return reason end
  local given = {}
  for i = 5, #args, 2 do given[args[i]] = args[i + 1] end
  if given.window and not admin then return 'not_an_admin' end
  if given.never_window and not admin and actor.role ~= 'owner' then return 'not_an_owner' end
  if not given.window and not given.never_window then return nil end
  local held = redis.call('HMGET', meta, 'window', 'never_window')
  room.window, room.never_window = held[1] == '1', held[2] == '1'
  return refusal_of_window(room, given.window, given.never_window)
end

return function(keys, args)
  local meta, members, done = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  if not redis.call('ZSCORE', done, args[1]) then
    local reason = refusal_of(meta, room, member_of(members, args[3]), args[4] == '1', args)
    if reason then return {reason} end
    done_before(done, args[1], tonumber(args[2]))
    change(meta, args)
  end
  return words_of(meta)
end
