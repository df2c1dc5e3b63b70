-- Write a step between two users, decided on a version of the tie: compare and set. The step that opens the
-- conversation also creates its room with the first lines.
-- keys: {r} {r}:tie {r}:members {r}:log {r}:steps {r}:done {r}:handles {r}:ranks
-- repeatable
-- allow-oom
-- changes-log
-- args: intent, now, version that was read, tie, outcome, a, b, rests (1 | 0), a blocks (1 | 0), b blocks (1 | 0),
-- b is a bot (1 | 0), a is a bot (1 | 0), handle of a, handle of b, number of meta words, meta fields and values …,
-- then id and record for each first line
-- answers: {'ok', version, outcome} or {'changed'}; a repeat gets the outcome of the first time

local function open(keys, args, now)
  local meta, log = keys[1], keys[4]
  local place = {meta = meta, members = keys[3], ranks = keys[8]}
  local count = tonumber(args[15])
  if count == 0 or redis.call('EXISTS', meta) == 1 then return end
  redis.call('HSET', meta, unpack(args, 16, 15 + count))
  let_in(place, args[6], 'member', tonumber(args[12]), now)
  let_in(place, args[7], 'member', tonumber(args[11]), now)
  name_member(keys[7], args[6], args[13])
  name_member(keys[7], args[7], args[14])
  local seq = 0
  for i = 16 + count, #args, 2 do
    seq = seq + 1
    redis.call('XADD', log, seq .. '-0', 'm', args[i + 1], 't', now)
    redis.call('HSET', meta, 'seq', seq, 'last_id', args[i], 'last_at', now)
  end
end

local function remember(steps, done, intent, outcome, now)
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', done, '-inf', now - 86400000)) do redis.call('HDEL', steps, old) end
  done_before(done, intent, now)
  redis.call('HSET', steps, intent, outcome)
  redis.call('EXPIRE', steps, DONE_SECONDS)
end

return function(keys, args)
  local tie, steps, done = keys[2], keys[5], keys[6]
  local intent, now = args[1], tonumber(args[2])
  local before = redis.call('HGET', steps, intent)
  local version = number_of(redis.call('HGET', tie, 'version'))
  if before then return {'ok', version, before} end
  if version ~= tonumber(args[3]) then return {'changed'} end
  redis.call('HSET', tie, 'version', version + 1, 'tie', args[4], 'rests', args[8],
    'blocks:' .. args[6], args[9], 'blocks:' .. args[7], args[10])
  open(keys, args, now)
  remember(steps, done, intent, args[5], now)
  return {'ok', version + 1, args[5]}
end
