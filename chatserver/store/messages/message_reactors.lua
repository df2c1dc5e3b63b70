-- Read a page of the users who reacted to a message with an emoji, in the order of reacting.
-- keys: {r} {r}:log {r}:now
-- no-writes
-- args: viewer ('' for a visitor), seq, emoji, the rev after which to continue, most
-- answers: {'ok', rev, {user, …}, the rev of the last of them if there may be more, else 0} or {reason}
return function(keys, args)
  local meta, log, now_key = unpack(keys)
  local viewer, seq, emoji, after, most = args[1], args[2], args[3], args[4], tonumber(args[5])
  local room = meta_of(meta)
  if not room then return {'not_found'} end
  local record, holds = message_at(log, now_key, seq)
  local only = record and (holds.v or record.v)
  if not record or only and only ~= viewer then return {'no_such_message'} end
  local set = reactions_key(meta, seq) .. ':' .. emoji
  if room.kind == 'direct' then return {'ok', room.rev, reactors_between(set, viewer), 0} end
  local flat = redis.call('ZRANGE', set, '(' .. after, '+inf', 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
  local users = {}
  for i = 1, #flat, 2 do users[#users + 1] = flat[i] end
  return {'ok', room.rev, users, #users == most and number_of(flat[#flat]) or 0}
end
