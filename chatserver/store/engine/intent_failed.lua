-- Count a failed attempt at an intent. After a number of attempts it is moved aside, so that it no longer blocks those
-- behind it; the latest thousand of these are kept.
-- keys: {do} {do}:attempts {do}:aside
-- args: its stream id, the packed intent, the error, most attempts
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
