-- Make somebody the owner of a room that has none, member or not.
-- keys: {r} {r}:members {r}:left {r}:done {r}:handles
-- repeatable
-- args: intent, now, user, their handle
-- answers: {'ok', version, in, last_seq, epoch, role, members} of the user, or {'not_found'}

local function has_owner(members)
  for _, packed in ipairs(redis.call('HVALS', members)) do
    if cmsgpack.unpack(packed)[1] == 'owner' then return true end
  end
  return false
end

return function(keys, args)
  local meta, members, left, done, handles = unpack(keys)
  local intent, now, user = args[1], tonumber(args[2]), args[3]
  if not meta_of(meta) then return {'not_found'} end
  if not done_before(done, intent, now) and not has_owner(members) then
    if member_of(members, user) then
      give_role(meta, members, user, 'owner')
    else
      let_in(meta, members, left, user, 'owner', 0, now)
      name_member(handles, user, args[4])
    end
  end
  return belonging(meta, members, left, user)
end
