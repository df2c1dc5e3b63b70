-- Count an attempt at an intent that failed. After so many it is put aside, where it hides nothing behind it; the
-- latest thousand of those are kept.
-- keys: {do} {do}:attempts {do}:aside
-- args: its place, the intent as it was written, why, how many attempts
-- answers: {'ok', attempts} or {'aside', attempts}
return function(keys, args)
  local stream, attempts, aside = unpack(keys)
  local place = args[1]
  if #redis.call('XRANGE', stream, place, place) == 0 then return {'ok', 0} end
  local count = redis.call('HINCRBY', attempts, place, 1)
  if count < tonumber(args[4]) then return {'ok', count} end
  redis.call('XADD', aside, 'MAXLEN', '~', 1000, '*', 'intent', args[2], 'why', args[3])
  redis.call('XDEL', stream, place)
  redis.call('HDEL', attempts, place)
  return {'aside', count}
end
