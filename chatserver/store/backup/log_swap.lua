-- The last step of rebuilding a log: copy what was added since, and replace the log by the new stream, unless something
-- was deleted since. The log's last id stays, so that a number that was deleted at the end is never given out again.
-- keys: {r} {r}:log {r}:log:fresh {r}:now {r}:scrub
-- args: last seq that was copied, the time of the last deletion that was seen
-- answers: {'ok'} or {'deleted_meanwhile'}
return function(keys, args)
  local meta, log, fresh, now_key, scrub = unpack(keys)
  if redis.call('GET', scrub) ~= args[2] then return {'deleted_meanwhile'} end
  local seq = redis.call('HGET', meta, 'seq') or '0'
  for _, entry in ipairs(redis.call('XRANGE', log, '(' .. args[1] .. '-0', '+')) do
    copy_entry(fresh, now_key, entry)
  end
  if redis.call('EXISTS', fresh) == 0 then
    redis.call('XADD', fresh, seq .. '-0', 'm', '')
    redis.call('XDEL', fresh, seq .. '-0')
  end
  redis.call('XSETID', fresh, seq .. '-0')
  redis.call('RENAME', fresh, log)
  redis.call('DEL', scrub)
  return {'ok'}
end
