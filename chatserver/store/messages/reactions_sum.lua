-- Read how many people reacted to one's own message, and the first of them.
-- keys: {r} {r}:log {r}:now {r}:members
-- no-writes
-- args: author, seq, then the users who do not count: those the author blocked
-- answers: {'ok', people, {first three}} or {reason}; people who reacted with several emoji count once, as long as no
-- emoji has more than 1,000 reactions

local LOOKED_AT = 1000
local NAMED = 3

-- Who reacted with one emoji at most LOOKED_AT, as {user, rev}; those beyond are only counted.
local function first_with(set, people, rest)
  local flat = redis.call('ZRANGE', set, 0, LOOKED_AT - 1, 'WITHSCORES')
  for i = 1, #flat, 2 do
    local rev = tonumber(flat[i + 1])
    if rev > 0 and not rest[flat[i]] then people[flat[i]] = math.min(rev, people[flat[i]] or rev) end
  end
  return math.max(0, redis.call('ZCARD', set) - LOOKED_AT)
end

return function(keys, args)
  local meta, log, now_key, members = unpack(keys)
  local user, seq = args[1], args[2]
  local room = meta_of(meta)
  if not room or not member_of(members, user) then return {'not_found'} end
  local record = message_at(log, now_key, seq)
  if not record or record.u ~= user then return {'no_such_message'} end
  local hash, people, rest, beyond = reactions_key(meta, seq), {}, {}, 0
  for i = 1, #args do
    if i ~= 2 then rest[args[i]] = true end
  end
  for _, kind in ipairs(kinds_on(hash)) do beyond = beyond + first_with(hash .. ':' .. kind[1], people, rest) end
  local found = {}
  for person in pairs(people) do found[#found + 1] = person end
  table.sort(found, function(one, other) return people[one] < people[other] end)
  return {'ok', #found + beyond, {unpack(found, 1, NAMED)}}
end
