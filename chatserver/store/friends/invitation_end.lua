-- Record in the inviter's list that an invitation was used or withdrawn. Once nobody can use it, it no longer counts as
-- open.
-- keys: {u}:invitations {u}:invitations_open
-- repeatable
-- args: id, user who used it ('' if it was withdrawn)
-- answers: {'ok'} or {'not_found'}

local function has(users, user)
  for _, known in ipairs(users) do
    if known == user then return true end
  end
  return false
end

return function(keys, args)
  local list, open = unpack(keys)
  local id, user = args[1], args[2]
  local packed = redis.call('HGET', list, id)
  if not packed then return {'not_found'} end
  local kept = cmsgpack.unpack(packed)
  local users, uses = kept[4], kept[6]
  if user == '' then
    kept[5] = true
  elseif not has(users, user) then
    users[#users + 1] = user
  end
  redis.call('HSET', list, id, cmsgpack.pack(kept))
  if kept[5] or #users >= uses then redis.call('ZREM', open, id) end
  return {'ok'}
end
