-- Read what a process needs to follow a room: meta, number of members, staff, those of the given users who are members,
-- and presence; in a direct room both members. The cost grows with staff and given users, not with the number of
-- members.
-- keys: {r} {r}:members {r}:here {r}:ranks
-- no-writes
-- args: users asked about
-- answers: {'ok', meta flat, members, [user, record, …], here flat} or {'not_found'}

local AT_ONCE = 1000

local function read_members(members, users)
  local found = {}
  for first = 1, #users, AT_ONCE do
    local some = {unpack(users, first, math.min(first + AT_ONCE - 1, #users))}
    for i, packed in ipairs(redis.call('HMGET', members, unpack(some))) do
      if packed then found[#found + 1], found[#found + 2] = some[i], packed end
    end
  end
  return found
end

return function(keys, args)
  local meta, members, here, ranks = unpack(keys)
  local fields = redis.call('HGETALL', meta)
  if #fields == 0 then return {'not_found'} end
  local users = redis.call('ZRANGE', ranks, '-inf', '(' .. FIRST_OF.member, 'BYSCORE')
  if redis.call('HGET', meta, 'kind') == 'direct' then users = redis.call('ZRANGE', ranks, 0, 1) end
  for _, user in ipairs(args) do users[#users + 1] = user end
  return {'ok', fields, redis.call('HLEN', members), read_members(members, users), redis.call('HGETALL', here)}
end
