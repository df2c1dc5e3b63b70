-- Reserve a place among a sender's open pokes; expired places are dropped first. A pair has one place,
-- reference-counted by the pokes in flight: of two concurrent pokes one is refused later, and releasing it must not
-- free the other's place.
-- keys: {u} {u}:pokes
-- repeatable
-- args: now, pair, poke, time until which the place is taken, number of places
-- answers: {'ok'}, {'not_found'} or {'no_place', time when the next one is free}
return function(keys, args)
  local pokes, now, pair, most = keys[2], tonumber(args[1]), args[2], tonumber(args[5])
  if redis.call('EXISTS', keys[1]) == 0 then return {'not_found'} end
  local all, taken, first, mine = redis.call('HGETALL', pokes), 0, nil, nil
  for i = 1, #all, 2 do
    local till = tonumber(string.match(all[i + 1], '^%d+'))
    if till > now then
      taken = taken + 1
      if not first or till < first then first = till end
      if all[i] == pair then mine = all[i + 1] end
    end
  end
  if mine then
    if not string.find(mine .. ' ', ' ' .. args[3] .. ' ', 1, true) then
      redis.call('HSET', pokes, pair, mine .. ' ' .. args[3])
    end
    return {'ok'}
  end
  if taken >= most then return {'no_place', first} end
  for i = 1, #all, 2 do
    if tonumber(string.match(all[i + 1], '^%d+')) <= now then redis.call('HDEL', pokes, all[i]) end
  end
  redis.call('HSET', pokes, pair, args[4] .. ' ' .. args[3])
  return {'ok'}
end
