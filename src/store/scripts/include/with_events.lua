-- withEvents(known, timestamp, first, count) returns the record's field of events with those of one step: events of one step have numbers in turn
local function withEvents(known, timestamp, first, count)
  if #known > 16384 then return known end -- it is written anew each time; the events of so many steps are searched for instead
  local ms, number = string.match(first, '^(%d+)%-(%d+)$')
  return known .. string.format('%.0f.%s.%d ', tonumber(ms) - (tonumber(timestamp or '') or 0), number, count)
end
