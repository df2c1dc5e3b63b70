-- Does nothing. A store that takes no writes (memory or disk full, replicas away) refuses to run it, which the probe
-- uses.
-- keys: {p}
-- repeatable
-- answers: {'ok'}
return function()
  return {'ok'}
end
