-- Add an item to a user's inbox. A repeat adds nothing. A hidden one is not added, which takes as long. One about a
-- message is quiet if the user has read its room up to there; else {u}:calls keeps the first message of each room that an
-- unread item is about, for user_mark.lua.
-- keys: {u} {u}:inbox {u}:done {u}:quiet {u}:rooms {u}:calls
-- repeatable
-- allow-oom
-- args: name of the item (a second item of the same name is a repeat), now, item, how many items to keep, quiet (1 | 0),
-- hidden (1 | 0), then of a message that is read with its room: room, seq, epoch
-- answers: {'ok', seq (0: nothing was added)} or {'not_found'}
local function was_read(rooms, room, seq, epoch)
  local packed = redis.call('HGET', rooms, room)
  local pointer = packed and cmsgpack.unpack(packed)
  return pointer and pointer[3] >= seq and pointer[4] == epoch
end

local function note_call(calls, room, seq)
  local first = redis.call('HGET', calls, room)
  if not first or seq < tonumber(first) then redis.call('HSET', calls, room, seq) end
end

return function(keys, args)
  local profile, inbox, done, quiet, rooms, calls = unpack(keys)
  local name, now, item, room, seq = args[1], tonumber(args[2]), args[3], args[7], tonumber(args[8])
  if is_closed(profile) then return {'not_found'} end
  if done_before(done, name, now) or args[6] == '1' then return {'ok', 0} end
  local is_quiet = args[5] == '1'
  if room and was_read(rooms, room, seq, args[9]) then
    is_quiet = true
  elseif room then
    note_call(calls, room, seq)
  end
  return {'ok', add_item(profile, inbox, now, item, args[4], is_quiet and quiet)}
end
