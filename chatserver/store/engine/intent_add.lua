-- Store an intent whose step removes or forbids something; works while memory is full.
-- keys: {do}
-- allow-oom
-- args: the intent, packed
-- answers: {'ok', its stream id}
return function(keys, args)
  return {'ok', redis.call('XADD', keys[1], '*', 'intent', args[1])}
end
