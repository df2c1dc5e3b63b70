-- Set the handle by which a member is mentioned; '' for none.
-- keys: {r} {r}:members {r}:handles
-- repeatable
-- allow-oom
-- args: user, handle
-- answers: {'ok'}
return function(keys, args)
  local _, members, handles = unpack(keys)
  unname_member(handles, args[1])
  if member_of(members, args[1]) then name_member(handles, args[1], args[2]) end
  return {'ok'}
end
