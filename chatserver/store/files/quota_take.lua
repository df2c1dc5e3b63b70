-- Reserve room for a file of a user. A repeat changes nothing. {u}:quota holds each file as 'bytes day', '=' what all of
-- them take, and '=day' 'day bytes' what was sent on the latest day.
-- keys: {u}:quota
-- repeatable
-- args: file, bytes, day, most bytes of all files (0: no limit), most bytes of a day (0: no limit)
-- answers: {'ok'}, {'quota'} or {'day'}
return function(keys, args)
  local quota, id, bytes, day = keys[1], args[1], tonumber(args[2]), args[3]
  local most, most_a_day = tonumber(args[4]), tonumber(args[5])
  if redis.call('HEXISTS', quota, id) == 1 then return {'ok'} end
  local total = number_of(redis.call('HGET', quota, '=')) + bytes
  local latest, sent = string.match(redis.call('HGET', quota, '=day') or '', '^(%S+) (%S+)$')
  local today = (latest == day and tonumber(sent) or 0) + bytes
  if most > 0 and total > most then return {'quota'} end
  if most_a_day > 0 and today > most_a_day then return {'day'} end
  redis.call('HSET', quota, id, args[2] .. ' ' .. day, '=', string.format('%d', total),
    '=day', string.format('%s %d', day, today))
  return {'ok'}
end
