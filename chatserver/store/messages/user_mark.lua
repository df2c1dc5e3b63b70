-- Move read markers forward, never back within an epoch. Markers of an older epoch count only up to the last number that
-- both epochs share. A marker that was in flight while a conversation was hidden still counts.
-- The items of the inbox about messages that were read with the whole room become quiet.
-- chatserver/rules/messages/reading.py has the rule, as Python.
-- keys: {u} {u}:rooms {u}:calls {u}:inbox {u}:quiet
-- repeatable
-- allow-oom
-- args: origin (the connection that moved them), then seven for each: room, epoch, seq, shared, line ('*': the whole
-- room, '': its main line, else a topic), topical (no later message of the room is in a topic), whether the user sent the
-- message with this number there (1 | 0)
-- answers: {'ok', whether the user is in the last room (1 | 0), its read_seq, its markers}

local MOST_MARKERS = 500

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

local function markers_upto(text, most)
  local markers = {}
  for line, seq in string.gmatch(text, '([^ :]*):(%d+)') do markers[line] = math.min(tonumber(seq), most) end
  return markers
end

-- The markers above read, at most MOST_MARKERS: beyond that read rises to the lowest.
local function settled(read, markers)
  local above, kept = {}, {}
  for line, seq in pairs(markers) do
    if seq > read then above[#above + 1] = {seq, line} end
  end
  table.sort(above, function(one, other)
    if one[1] == other[1] then return one[2] < other[2] end
    return one[1] < other[1]
  end)
  if #above > MOST_MARKERS then read = above[#above - MOST_MARKERS][1] end
  for _, one in ipairs(above) do
    if one[1] > read then kept[#kept + 1] = string.format('%s:%d', one[2], one[1]) end
  end
  return read, table.concat(kept, ' ')
end

-- What the user has read of a room before any of these markers. All of one room and epoch are moved together: somebody
-- who writes in hundreds of topics within a second has as many markers, and to read and write them for each took seconds.
local function opened(rooms, room, epoch, shared)
  local packed = redis.call('HGET', rooms, room)
  local one = {room = room, epoch = epoch, pointer = packed and cmsgpack.unpack(packed), read = 0, text = '', lines = {}}
  if one.pointer then
    local most = one.pointer[4] == epoch and math.huge or shared
    one.before = one.pointer[9] or ''
    one.from, one.markers = math.min(one.pointer[3], most), markers_upto(one.before, most)
    one.read = one.from
  end
  return one
end

local function move(one, line, seq, topical, own)
  one.lines[#one.lines + 1] = line
  if seq <= math.max(one.read, one.markers[line] or 0) then return end
  if line == '*' or own and seq == one.read + 1 or line == '' and topical <= one.read then
    one.read = seq
  else
    one.markers[line] = seq
  end
end

local function write(keys, one, origin)
  local pointer, read = one.pointer, nil
  read, one.text = settled(one.read, one.markers)
  one.read = read
  if read == pointer[3] and one.text == one.before and pointer[4] == one.epoch then return end
  pointer[3], pointer[4] = read, one.epoch
  if one.text ~= '' or pointer[9] then pointer = with_all(pointer); pointer[9] = one.text end
  redis.call('HSET', keys[2], one.room, cmsgpack.pack(pointer))
  publish_to_user(keys[1], 'read', one.room, one.epoch, read, one.text, one.lines, origin)
  read_calls(keys, one.room, one.from, read)
end

return function(keys, args)
  local one
  for i = 2, #args, 7 do
    local room, epoch, seq, shared = args[i], args[i + 1], tonumber(args[i + 2]), tonumber(args[i + 3])
    local line, topical, own = args[i + 4], tonumber(args[i + 5]), args[i + 6] == '1'
    if not one or one.room ~= room or one.epoch ~= epoch then
      if one and one.pointer then write(keys, one, args[1]) end
      one = opened(keys[2], room, epoch, shared)
    end
    if one.pointer then move(one, line, seq, topical, own) end
  end
  if one and one.pointer then write(keys, one, args[1]) end
  return {'ok', one and one.pointer and one.pointer[2] or 0, one and one.read or 0, one and one.text or ''}
end
