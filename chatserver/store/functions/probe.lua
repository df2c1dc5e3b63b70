-- Run every command the library uses on a scratch key, so that a store that lacks one is found at start, not in an
-- append. Answers whether hash fields can expire (HSETEX: Valkey 9, Redis 8).
-- keys: {p} {p}:hash {p}:log {p}:set
-- repeatable
return function(keys)
  local scratch, hash, log, set = unpack(keys)
  redis.call('SET', scratch, '1')
  redis.call('HSET', hash, 'a', '1')
  redis.call('HMGET', hash, 'a', 'b')
  redis.call('HLEN', hash)
  redis.call('XADD', log, '1-0', 'a', '1')
  redis.call('XRANGE', log, '-', '+', 'COUNT', 1)
  redis.call('XINFO', 'STREAM', log)
  redis.call('XDEL', log, '1-0')
  redis.call('XSETID', log, '2-0')
  redis.call('ZADD', set, 0, 'a:1')
  redis.call('ZLEXCOUNT', set, '[a', '[b')
  redis.call('ZREMRANGEBYSCORE', set, '-inf', 0)
  redis.call('SPUBLISH', scratch .. ':live', '')
  local answer = redis.pcall('HSETEX', hash, 'EX', 1, 'FIELDS', 1, 'c', '1')
  redis.call('DEL', scratch, hash, log, set)
  return {'ok', type(answer) == 'table' and answer.err and 0 or 1}
end
