-- Note that everything below a folder of the storage must be erased; works while memory is full.
-- keys: {files} {files}:erase
-- repeatable
-- allow-oom
-- args: now, folder
-- answers: {'ok'}
return function(keys, args)
  redis.call('ZADD', keys[2], args[1], args[2])
  return {'ok'}
end
