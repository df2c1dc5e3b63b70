-- Move read markers forward, never back within an epoch. A marker of an older epoch counts only up to the last number
-- that both epochs share. A marker that was in flight while a conversation was hidden still counts. The items of the
-- inbox about messages that were read become quiet.
-- keys: {u} {u}:rooms {u}:calls {u}:inbox {u}:quiet
-- repeatable
-- allow-oom
-- args: origin (the connection that moved it), then four for each: room, epoch, seq, shared
-- answers: {'ok', read_seq of the last room or -1 if the user is not in it}

local CALLS = {mention = true, reply = true}

-- Make the unread items quiet whose message of this room is among those just read. Returns how many, and the first
-- message behind them that an unread item is about.
local function make_quiet(inbox, quiet, marker, room, before, read)
  local made, left = 0, nil
  for _, entry in ipairs(redis.call('XRANGE', inbox, '(' .. marker .. '-0', '+')) do
    local item = string.find(entry[2][2], room, 1, true) and cjson.decode(entry[2][2]) or {}
    if item.room == room and CALLS[item.kind] then
      local number = string.match(entry[1], '^%d+')
      if item.seq > read then
        left = math.min(left or item.seq, item.seq)
      elseif item.seq > before then
        made = made + redis.call('ZADD', quiet, number, number)
      end
    end
  end
  return made, left
end

-- A room was read up to a message. {u}:calls says whether an unread item is about one of those: only then is the inbox
-- read, so that each reading of it makes at least one quiet.
local function read_calls(keys, room, before, read)
  local profile, _, calls, inbox, quiet = unpack(keys)
  local first = tonumber(redis.call('HGET', calls, room) or math.huge)
  if first > read then return end
  local marker = number_of(redis.call('HGET', profile, 'inbox_read'))
  local made, left = make_quiet(inbox, quiet, marker, room, before, read)
  if left then redis.call('HSET', calls, room, left) else redis.call('HDEL', calls, room) end
  if made == 0 then return end
  local all = redis.call('HINCRBY', profile, 'inbox_quiet', made)
  publish(profile, 'inbox', number_of(redis.call('HGET', profile, 'inbox_seq')), marker, all)
end

return function(keys, args)
  local rooms, read = keys[2], -1
  for i = 2, #args, 4 do
    local room, epoch, seq, shared = args[i], args[i + 1], tonumber(args[i + 2]), tonumber(args[i + 3])
    local packed = redis.call('HGET', rooms, room)
    local pointer = packed and cmsgpack.unpack(packed)
    read = -1
    if pointer then
      local before = pointer[3]
      if pointer[4] ~= epoch then before = math.min(before, shared) end
      local moved = math.max(before, seq)
      if moved ~= pointer[3] or pointer[4] ~= epoch then
        pointer[3], pointer[4] = moved, epoch
        redis.call('HSET', rooms, room, cmsgpack.pack(pointer))
        publish_to_user(keys[1], 'read', room, epoch, moved, args[1])
        read_calls(keys, room, before, moved)
      end
      if pointer[2] == 1 then read = moved end
    end
  end
  return {'ok', read}
end
