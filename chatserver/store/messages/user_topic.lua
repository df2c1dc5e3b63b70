-- Set what notifies a user in a topic: 'all', 'mentions' or 'none', for good or until a time, as user_notify.lua does for
-- a room. The pointer's levels are 'ID:level' or 'ID:level:until:level until then', a level being its first letter, and
-- for good '-' where none was chosen. The latest 500 topics are kept.
-- keys: {u} {u}:rooms
-- repeatable
-- args: room, topic, level, until (ms; 0: for good)
-- answers: {'ok'} or {'not_a_member'}

local MOST_LEVELS = 500

return function(keys, args)
  local packed = redis.call('HGET', keys[2], args[1])
  local pointer = packed and cmsgpack.unpack(packed)
  if not pointer or pointer[2] ~= 1 then return {'not_a_member'} end
  local topic, level, till = args[2], string.sub(args[3], 1, 1), tonumber(args[4])
  pointer = with_all(pointer)
  local kept, good = {}, '-'
  for id, levels in string.gmatch(pointer[10], '([^ :]+):(%S+)') do
    if id == topic then good = string.sub(levels, 1, 1) else kept[#kept + 1] = id .. ':' .. levels end
  end
  local levels = till == 0 and level or string.format('%s:%d:%s', good, till, level)
  kept[#kept + 1] = topic .. ':' .. levels
  pointer[10] = table.concat(kept, ' ', math.max(1, #kept - MOST_LEVELS + 1))
  redis.call('HSET', keys[2], args[1], cmsgpack.pack(pointer))
  publish_to_user(keys[1], 'room', args[1], 1)
  return {'ok'}
end
