-- Make a user, member or not, the owner of a room that has no owner.
-- keys: {r} {r}:members {r}:ranks {r}:done {r}:handles
-- repeatable
-- changes-numbers
-- args: intent, now, user, their handle
-- answers: {'ok', version, in, last_seq, epoch, role, members} of the user, or {'not_found'}

return function(keys, args)
  local place, done, handles = place_of(keys), keys[4], keys[5]
  local intent, now, user = args[1], tonumber(args[2]), args[3]
  if not meta_of(place.meta) then return {'not_found'} end
  if not done_before(done, intent, now) and count_owners(place) == 0 then
    if member_of(place.members, user) then
      give_role(place, user, 'owner')
    else
      let_in(place, user, 'owner', 0, now)
      name_member(handles, user, args[4])
    end
  end
  return belonging(place, user)
end
