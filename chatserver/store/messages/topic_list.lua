-- Read topics of a room: a page of a list, the pinned ones first, or some by their ids. No more is read than is answered.
-- keys: {r} {r}:log {r}:now {r}:mentions {r}:topics {r}:topical {r}:topics:pinned {r}:topics:open:active
--   {r}:topics:open:new {r}:topics:closed:active {r}:topics:closed:new
-- no-writes
-- large
-- args: viewer ('' for a visitor), what the viewer has read: read_seq and markers, whether @everyone calls them (1 | 0),
-- order ('active' | 'new'), which ('' for all, 'open', 'closed'), only those the viewer wrote in (1 | 0), after which
-- ('' for the first page), most; number of users whose messages call nobody, and these; then ids, if any
-- answers: {'ok', topics_version, {{topic as topic_row, unread, mentions, whether the viewer wrote in it} …}, the place
-- after which there may be more, or ''} or {'not_found'}

local function call_counts(meta, mentions, viewer, read, markers, everyone, without)
  local counts = {}
  for _, seq in ipairs(viewer ~= '' and calls_between(mentions, viewer, read, 2 ^ 53, everyone, without) or {}) do
    local line = line_of(meta, seq)
    if seq > (markers[line] or read) then counts[line] = (counts[line] or 0) + 1 end
  end
  return counts
end

local function is_asked(meta, id, which, mine, viewer)
  local topic = topic_at(meta, id)
  if not topic or topic.d or which ~= '' and (topic.c == true) ~= (which == 'closed') then return false end
  return not mine or redis.call('ZSCORE', meta .. ':wrote:' .. viewer, id) ~= false
end

local function pinned_ones(meta, which, mine, viewer)
  local found = {}
  for _, id in ipairs(redis.call('ZRANGE', meta .. ':topics:pinned', 0, -1, 'REV')) do
    if is_asked(meta, id, which, mine, viewer) then found[#found + 1] = id end
  end
  return found
end

-- The places {score, id} of a list after one, at most so many.
local function places_in(list, after, most)
  local upper = after == '' and '+inf' or '(' .. after
  local flat, places = redis.call('ZRANGE', list, upper, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, most, 'WITHSCORES'), {}
  for i = 1, #flat, 2 do places[#places + 1] = {tonumber(flat[i + 1]), flat[i]} end
  return places
end

-- The same of the topics that the viewer wrote in; those are at most WROTE_KEPT.
local function own_places(meta, list, viewer, after)
  local ids, places = redis.call('ZRANGE', meta .. ':wrote:' .. viewer, 0, -1), {}
  if #ids == 0 then return places end
  for i, score in ipairs(redis.call('ZMSCORE', list, unpack(ids))) do
    if score and (after == '' or tonumber(score) < tonumber(after)) then places[#places + 1] = {tonumber(score), ids[i]} end
  end
  return places
end

local function page_of(meta, order, which, mine, viewer, after, most)
  local places = {}
  for _, state in ipairs(which == '' and {'open', 'closed'} or {which}) do
    local list = meta .. ':topics:' .. state .. ':' .. order
    local some = mine and own_places(meta, list, viewer, after) or places_in(list, after, most + 1)
    for _, place in ipairs(some) do places[#places + 1] = place end
  end
  table.sort(places, function(one, other) return one[1] > other[1] end)
  local ids = {}
  for i = 1, math.min(most, #places) do ids[i] = places[i][2] end
  return ids, #places > most and string.format('%d', places[most][1]) or ''
end

return function(keys, args)
  local meta, mentions = keys[1], keys[4]
  local viewer, read, markers, everyone = args[1], tonumber(args[2]), markers_of(args[3]), args[4] == '1'
  local order, which, mine, after, most = args[5], args[6], args[7] == '1', args[8], tonumber(args[9])
  local without, blocked = {[viewer] = true}, tonumber(args[10])
  if redis.call('EXISTS', meta) == 0 then return {'not_found'} end
  for i = 11, 10 + blocked do without[args[i]] = true end
  local ids, next_place = {unpack(args, 11 + blocked)}, ''
  if #ids == 0 and most > 0 then
    local page
    ids = after == '' and pinned_ones(meta, which, mine, viewer) or {}
    page, next_place = page_of(meta, order, which, mine, viewer, after, most)
    for _, id in ipairs(page) do ids[#ids + 1] = id end
  end
  local called, rows = call_counts(meta, mentions, viewer, read, markers, everyone, without), {}
  for _, id in ipairs(ids) do
    local topic = topic_at(meta, id)
    if topic and not topic.d then
      local from = math.max(read, markers[id] or 0)
      local unread = viewer ~= '' and redis.call('ZCOUNT', undeleted_key(meta, id), '(' .. from, '+inf') or 0
      local wrote = viewer ~= '' and redis.call('ZSCORE', meta .. ':wrote:' .. viewer, id) and 1 or 0
      rows[#rows + 1] = {topic_row(meta, id, topic), unread, called[id] or 0, wrote}
    end
  end
  return {'ok', number_of(redis.call('HGET', meta, 'topics_version')), rows, next_place}
end
