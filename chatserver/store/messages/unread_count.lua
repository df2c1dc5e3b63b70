-- Count what a user has not read in a room, and how many of those messages call them: by name, by a reply or everyone.
-- keys: {r} {r}:mentions {r}:gone {r}:gone:topical {r}:topical
-- no-writes
-- args: user, read_seq, last seq, whether @everyone calls them (1 | 0), whether any message after read_seq was deleted
-- (1 | 0), whether its topics make a difference (1 | 0), read markers of lines, levels of topics ('ID:1' counts, 'ID:0'
-- does not), whether other topics count (1; 0: only those they wrote in), then the users whose messages call them not
-- answers: {'ok', unread, mentions, the topics that count, separated by spaces, where others do not}

-- Whether the messages of each topic count, as far as that is not the rule.
local function counting(meta, user, levels, others)
  local counts = {}
  for id, level in string.gmatch(levels, '([^ :]+):(%d)') do counts[id] = level == '1' end
  if not others then
    for _, id in ipairs(redis.call('ZRANGE', meta .. ':wrote:' .. user, 0, -1)) do
      if counts[id] == nil then counts[id] = true end
    end
  end
  return counts
end

local function undeleted_all(meta, after, upto, has_gone)
  if not has_gone then return upto - after end
  return upto - after - redis.call('ZCOUNT', meta .. ':gone', after + 1, upto)
    - redis.call('ZCOUNT', meta .. ':gone:topical', after + 1, upto)
end

-- What is left of all: less what is below the marker of a line, and less topics that do not count.
local function unread_of_most(meta, after, upto, has_gone, markers, counts)
  local unread = undeleted_all(meta, after, upto, has_gone)
  for line, marker in pairs(markers) do
    unread = unread - undeleted_in(meta, line, after, math.min(marker, upto))
  end
  for id, does_count in pairs(counts) do
    if not does_count then unread = unread - undeleted_in(meta, id, math.max(after, markers[id] or 0), upto) end
  end
  return unread
end

-- Where topics do not count unless they are named: the main line and those.
local function unread_of_few(meta, after, upto, markers, counts)
  local unread = undeleted_in(meta, '', math.max(after, markers[''] or 0), upto)
  for id, does_count in pairs(counts) do
    if does_count then unread = unread + undeleted_in(meta, id, math.max(after, markers[id] or 0), upto) end
  end
  return unread
end

local function calls_left(meta, calls, markers, counts, others)
  local count = 0
  for _, seq in ipairs(calls) do
    local line = line_of(meta, seq)
    local does_count = line == '' or counts[line]
    if does_count == nil then does_count = others end
    if does_count and seq > (markers[line] or 0) then count = count + 1 end
  end
  return count
end

local function counted_ones(counts)
  local ids = {}
  for id, does_count in pairs(counts) do
    if does_count then ids[#ids + 1] = id end
  end
  return table.concat(ids, ' ')
end

return function(keys, args)
  local meta, mentions = keys[1], keys[2]
  local user, after, upto, has_gone = args[1], tonumber(args[2]), tonumber(args[3]), args[5] == '1'
  local without, others = {[user] = true}, args[9] == '1'
  for i = 10, #args do without[args[i]] = true end
  local calls = calls_between(mentions, user, after, upto, args[4] == '1', without)
  if args[6] ~= '1' then return {'ok', undeleted_all(meta, after, upto, has_gone), #calls, ''} end
  local markers, counts = markers_of(args[7]), counting(meta, user, args[8], others)
  local count = others and unread_of_most(meta, after, upto, has_gone, markers, counts)
    or unread_of_few(meta, after, upto, markers, counts)
  local calling = calls_left(meta, calls, markers, counts, others)
  return {'ok', count, calling, others and '' or counted_ones(counts)}
end
