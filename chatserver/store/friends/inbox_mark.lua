-- Move the read marker of a user's inbox forward; it never moves back.
-- keys: {u} {u}:inbox
-- repeatable
-- allow-oom
-- args: seq
-- answers: {'ok', last seq, unread} or {'not_found'}

-- Quiet items behind the marker, which are never counted as unread.
local function quiet_after(inbox, read)
  local quiet = 0
  for _, entry in ipairs(redis.call('XRANGE', inbox, '(' .. read .. '-0', '+')) do
    if entry[2][6] == '1' then quiet = quiet + 1 end
  end
  return quiet
end

return function(keys, args)
  local held = redis.call('HMGET', keys[1], 'handle', 'inbox_seq', 'inbox_read', 'inbox_quiet')
  if not held[1] then return {'not_found'} end
  local last, before, quiet = number_of(held[2]), number_of(held[3]), number_of(held[4])
  local read = math.max(before, math.min(tonumber(args[1]), last))
  if read ~= before then
    if quiet > 0 then quiet = quiet_after(keys[2], read) end
    redis.call('HSET', keys[1], 'inbox_read', read, 'inbox_quiet', quiet)
    publish(keys[1], 'inbox', last, read, quiet)
  end
  return {'ok', last, last - read - quiet}
end
