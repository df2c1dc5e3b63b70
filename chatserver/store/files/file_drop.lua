-- Take a file out of its room that no message uses.
-- keys: {r} {r}:files {r}:files:gone
-- repeatable
-- allow-oom
-- args: file, who sent it
-- answers: {'ok'} or {'used'}
return function(keys, args)
  local file = file_at(keys[2], args[1])
  if file and file.s then return {'used'} end
  remove_file(keys[2], keys[3], args[1], args[2])
  return {'ok'}
end
