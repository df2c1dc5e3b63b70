-- Count the messages that call a user: by name or by a reply, and those that call everyone.
-- keys: {r}:mentions
-- no-writes
-- args: user, first seq, last seq, whether @everyone calls them (1 | 0), then the users whose messages call them not
-- answers: {'ok', number}
return function(keys, args)
  local user, without, count, seen = args[1], {[args[1]] = true}, 0, {}
  for i = 5, #args do without[args[i]] = true end
  for _, called in ipairs(args[4] == '1' and {user, EVERYONE} or {user}) do
    local first = string.format('[%s:%016d', called, tonumber(args[2]))
    local last = string.format('(%s:%016d;', called, tonumber(args[3]))
    for _, entry in ipairs(redis.call('ZRANGEBYLEX', keys[1], first, last)) do
      local seq, author = string.match(entry, '(%d+):([^:]*)$')
      if not without[author] and not seen[seq] then
        seen[seq] = true
        count = count + 1
      end
    end
  end
  return {'ok', count}
end
