-- Add a part to an upload, if it begins where the upload ends now. Of two parts at one offset the second is refused.
-- keys: {f}
-- repeatable
-- args: offset at which the part begins, offset after it, the part's name
-- answers: {'ok', offset}, {'moved', the upload's offset} or {'not_found'}
return function(keys, args)
  local upload = keys[1]
  local held = redis.call('HMGET', upload, 'offset', 'parts')
  if not held[1] then return {'not_found'} end
  local offset, parts = tonumber(held[1]), held[2] or ''
  for part in string.gmatch(parts, '%S+') do
    if part == args[3] then return {'ok', offset} end
  end
  if offset ~= tonumber(args[1]) then return {'moved', offset} end
  redis.call('HSET', upload, 'offset', args[2], 'parts', parts == '' and args[3] or parts .. ' ' .. args[3])
  return {'ok', tonumber(args[2])}
end
