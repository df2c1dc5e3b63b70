-- Nothing: a store that takes no writes (its memory or disk is full, its replicas are away) refuses to run it.
-- keys: {p}
-- repeatable
-- answers: {'ok'}
return function()
  return {'ok'}
end
