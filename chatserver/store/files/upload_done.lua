-- Note that an upload became a file: its parts are not needed any more. The file itself lies under its room's tag.
-- keys: {f}
-- repeatable
-- answers: {'ok'} or {'not_found'}
return function(keys)
  if redis.call('EXISTS', keys[1]) == 0 then return {'not_found'} end
  redis.call('HSET', keys[1], 'done', 1)
  redis.call('HDEL', keys[1], 'parts')
  return {'ok'}
end
