-- Count what a user has not read in a room, and how many of those messages call them: by name, by a reply or everyone.
-- keys: {r} {r}:mentions {r}:gone
-- no-writes
-- args: user, read_seq, last seq, whether @everyone calls them (1 | 0), whether any message after read_seq was deleted
-- (1 | 0), then the users whose messages call them not
-- answers: {'ok', unread, mentions}

local function count_calls(mentions, user, after, upto, everyone, without)
  local count, seen = 0, {}
  for _, called in ipairs(everyone and {user, EVERYONE} or {user}) do
    local first = string.format('[%s:%016d', called, after + 1)
    local last = string.format('(%s:%016d;', called, upto)
    for _, entry in ipairs(redis.call('ZRANGEBYLEX', mentions, first, last)) do
      local seq, author = string.match(entry, '(%d+):([^:]*)$')
      if not without[author] and not seen[seq] then
        seen[seq] = true
        count = count + 1
      end
    end
  end
  return count
end

return function(keys, args)
  local _, mentions, gone = unpack(keys)
  local user, after, upto, without = args[1], tonumber(args[2]), tonumber(args[3]), {[args[1]] = true}
  for i = 6, #args do without[args[i]] = true end
  local unread = upto - after
  if args[5] == '1' then unread = unread - redis.call('ZCOUNT', gone, after + 1, upto) end
  return {'ok', unread, count_calls(mentions, user, after, upto, args[4] == '1', without)}
end
