-- The last step of rebuilding a log and its changes: copy what was added since, and replace both by the new streams,
-- unless something was deleted since. The streams' last ids stay, so that a number that was deleted at the end is never
-- given out again.
-- keys: {r} {r}:log {r}:log:fresh {r}:now {r}:scrub {r}:changes {r}:changes:fresh
-- args: last seq that was copied, the time of the last deletion that was seen, last rev that was copied
-- answers: {'ok'} or {'deleted_meanwhile'}
return function(keys, args)
  local meta, log, fresh, now_key, scrub, changes, fresh_changes = unpack(keys)
  if redis.call('GET', scrub) ~= args[2] then return {'deleted_meanwhile'} end
  local seq = redis.call('HGET', meta, 'seq') or '0'
  copy_behind(log, fresh, now_key, args[1], copy_entry)
  if redis.call('EXISTS', fresh) == 0 then
    redis.call('XADD', fresh, seq .. '-0', 'm', '')
    redis.call('XDEL', fresh, seq .. '-0')
  end
  redis.call('XSETID', fresh, seq .. '-0')
  redis.call('RENAME', fresh, log)
  copy_behind(changes, fresh_changes, now_key, args[3], copy_change)
  if redis.call('EXISTS', fresh_changes) == 1 then redis.call('RENAME', fresh_changes, changes) end
  redis.call('DEL', scrub)
  return {'ok'}
end
