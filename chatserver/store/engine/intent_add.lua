-- Write down a step that makes something less or keeps somebody out, also where memory is full.
-- keys: {do}
-- allow-oom
-- args: the intent, packed
-- answers: {'ok', its place}
return function(keys, args)
  return {'ok', redis.call('XADD', keys[1], '*', 'intent', args[1])}
end
