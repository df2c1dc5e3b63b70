-- Streams of changes, from which others learn what to read again; old entries are trimmed.

-- The position of the last change; '' if there was none.
local function last_change(changes)
  local last = redis.call('XREVRANGE', changes, '+', '-', 'COUNT', 1)[1]
  return last and last[1] or ''
end

-- What changed after a position, in order, repeated as often as it changed; nil if that position was trimmed.
local function changed_after(changes, place)
  if place == '' or #redis.call('XRANGE', changes, place, place) == 0 then return nil end
  local found = {}
  for i, entry in ipairs(redis.call('XRANGE', changes, '(' .. place, '+')) do found[i] = entry[2][2] end
  return found
end

-- What changed last, the latest first.
local function changed_lately(changes, most)
  local found = {}
  if most < 1 then return found end
  for i, entry in ipairs(redis.call('XREVRANGE', changes, '+', '-', 'COUNT', most)) do found[i] = entry[2][2] end
  return found
end
