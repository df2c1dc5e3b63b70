-- Record in the inviter's list that an invitation was used or withdrawn. It no longer counts as open.
-- keys: {u}:invitations {u}:invitations_open
-- repeatable
-- args: id, user who used it ('' if it was withdrawn)
-- answers: {'ok'} or {'not_found'}
return function(keys, args)
  local list, open = unpack(keys)
  local id, user = args[1], args[2]
  local packed = redis.call('HGET', list, id)
  if not packed then return {'not_found'} end
  local kept = cmsgpack.unpack(packed)
  if kept[4] == '' and not kept[5] then
    kept[4], kept[5] = user, user == ''
    redis.call('HSET', list, id, cmsgpack.pack(kept))
  end
  redis.call('ZREM', open, id)
  return {'ok'}
end
