-- Read a page of the ids of all open rooms, also archived ones, without what they show.
-- keys: {rooms}
-- no-writes
-- args: cursor ('0' at first), about how many
-- answers: {'ok', new cursor ('0' after the last page), rooms}
return function(keys, args)
  local page, rooms = redis.call('HSCAN', keys[1], args[1], 'COUNT', args[2]), {}
  for i = 1, #page[2], 2 do rooms[#rooms + 1] = page[2][i] end
  return {'ok', page[1], rooms}
end
