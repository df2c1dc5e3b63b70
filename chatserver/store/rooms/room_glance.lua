-- Read a room's numbers, for lists of rooms: members, members online, messages since a time.
-- keys: {r} {r}:members {r}:here {r}:log
-- no-writes
-- args: messages since (ms), processes heard since (ms)
-- answers: {'ok', members, online, messages since, last_at} or {'not_found'}

-- A process lists ids while they are few; a user connected to two processes counts once.
local function online(here, since)
  local count, seen = 0, {}
  for _, value in ipairs(redis.call('HVALS', here)) do
    local at, number, users = string.match(value, '^(%d+) (%d+) ?(.*)$')
    if at and tonumber(at) >= since then
      if users == '' then count = count + tonumber(number) end
      for user in string.gmatch(users, '%S+') do
        if not seen[user] then seen[user], count = true, count + 1 end
      end
    end
  end
  return count
end

local function entry_from(log, seq)
  return redis.call('XRANGE', log, seq .. '-0', '+', 'COUNT', 1)[1]
end

-- Times never decrease within a log, so a binary search finds the first message since then. Deleted messages have no
-- time.
local function said_since(room, log, since)
  if room.last_at < since then return 0 end
  local low, high = room.first_seq, room.seq
  while low < high do
    local middle = math.floor((low + high) / 2)
    local entry = entry_from(log, middle)
    if not entry or tonumber(entry[2][4]) >= since then high = middle else low = middle + 1 end
  end
  local first = entry_from(log, low)
  return first and room.seq - number_of(string.match(first[1], '^%d+')) + 1 or 0
end

return function(keys, args)
  local meta, members, here, log = unpack(keys)
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local said = said_since(room, log, tonumber(args[1]))
  return {'ok', redis.call('HLEN', members), online(here, tonumber(args[2])), said, room.last_at}
end
