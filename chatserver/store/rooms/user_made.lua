-- Note for an hour which room a user makes under a client_id. A repeat gets the room of the first time.
-- keys: {u} {u}:made {u}:made_at
-- repeatable
-- args: now, client_id, digest of the request, room
-- answers: {'ok', room, 1 if it is a repeat}, {'client_id_used'} or {'not_found'}
return function(keys, args)
  local profile, made, made_at = unpack(keys)
  local now, client_id, digest, room = tonumber(args[1]), args[2], args[3], args[4]
  local held = redis.call('HMGET', profile, 'handle', 'closed')
  if not held[1] or held[2] == '1' then return {'not_found'} end
  local known = redis.call('HGET', made, client_id)
  if known then
    local first_room, first_digest = string.match(known, '^(%S+) (.*)$')
    if first_digest ~= digest then return {'client_id_used'} end
    return {'ok', first_room, 1}
  end
  remember_sent(made, made_at, {client_id, room .. ' ' .. digest}, now)
  forget_sent(made, made_at, now)
  return {'ok', room, 0}
end
