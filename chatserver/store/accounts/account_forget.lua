-- Delete what a closed account still holds, after its rooms, ties and invitations were seen to.
-- keys: {u} {u}:rooms {u}:gone {u}:inbox {u}:pokes {u}:ties {u}:blocks {u}:blocked_by {u}:invitations {u}:invitations_open {u}:done {u}:made {u}:made_at {u}:answered {u}:later {u}:quiet {u}:calls
-- repeatable
-- allow-oom
-- answers: {'ok'} or {'not_found'}
return function(keys)
  if redis.call('HGET', keys[1], 'closed') ~= '1' then return {'not_found'} end
  redis.call('HDEL', keys[1], 'inbox_seq', 'inbox_read', 'inbox_quiet', 'pokes_from', 'pokes_shown', 'later_at')
  redis.call('DEL', unpack(keys, 2))
  return {'ok'}
end
