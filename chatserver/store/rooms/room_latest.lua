-- Read the last message of an open room in its current state, for members and others who may read it.
-- keys: {r} {r}:log {r}:now {r}:bans {r}:members
-- no-writes
-- args: user ('' for a visitor), now
-- answers: {'ok', seq, at, record, current state, the author's record as a member or ''} or {'none'}

local function may_read(meta, bans, members, user, now)
  local held = redis.call('HMGET', meta, 'kind', 'window', 'archived')
  if held[1] ~= 'open' or held[3] == '1' then return false end
  if held[2] == '1' or user ~= '' and member_of(members, user) then return true end
  local till = user ~= '' and redis.call('HGET', bans, user)
  return user ~= '' and not (till and (till == '0' or tonumber(till) > now))
end

-- The membership of the message's author; '' if they left, or if the message cannot be decoded.
local function author_in(members, record, holds)
  local decodes, said = pcall(cmsgpack.unpack, record ~= '' and record or holds)
  local author = decodes and type(said) == 'table' and said.u
  return author and redis.call('HGET', members, author) or ''
end

return function(keys, args)
  local meta, log, now_key, bans, members = unpack(keys)
  local room = meta_of(meta)
  if not room or room.seq == 0 or not may_read(meta, bans, members, args[1], tonumber(args[2])) then return {'none'} end
  local entry = redis.call('XRANGE', log, room.seq .. '-0', room.seq .. '-0')[1]
  local holds = redis.call('HGET', now_key, tostring(room.seq)) or ''
  local at, record = entry and tonumber(entry[2][4]) or 0, entry and entry[2][2] or ''
  return {'ok', room.seq, at, record, holds, author_in(members, record, holds)}
end
