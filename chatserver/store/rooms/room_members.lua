-- Read a page of a room's members: owners, moderators, members, bots, each in order of joining.
-- keys: {r} {r}:members {r}:ranks
-- no-writes
-- args: asking user, place and user after which the page begins ('' at first), page size
-- answers: {'ok', user, record, place, …} or {reason}

-- The index at which the page begins. If the last user of the previous page left or moved meanwhile, a binary search
-- among those with the same place finds where they were.
local function index_after(ranks, place, user)
  if place == '' then return 0 end
  if tonumber(redis.call('ZSCORE', ranks, user)) == tonumber(place) then return redis.call('ZRANK', ranks, user) + 1 end
  local low = redis.call('ZCOUNT', ranks, '-inf', '(' .. place)
  local high = redis.call('ZCOUNT', ranks, '-inf', place)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('ZRANGE', ranks, middle, middle)[1] <= user then low = middle + 1 else high = middle end
  end
  return low
end

return function(keys, args)
  local meta, members, ranks = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  if redis.call('HEXISTS', members, args[1]) == 0 then return {outside(room)} end
  local first = index_after(ranks, args[2], args[3])
  local answer = {'ok'}
  local found = redis.call('ZRANGE', ranks, first, first + tonumber(args[4]) - 1, 'WITHSCORES')
  for i = 1, #found, 2 do
    answer[#answer + 1] = found[i]
    answer[#answer + 1] = redis.call('HGET', members, found[i])
    answer[#answer + 1] = found[i + 1]
  end
  return answer
end
