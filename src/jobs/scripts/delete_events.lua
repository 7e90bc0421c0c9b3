--[[
Deletes the events of a job that are among the first `count` of a range of BullMQ's event stream. `from` and `to` are ids of events as
XRANGE takes them; if `back` is 1, the last `count` of the range are looked at.
KEYS: events
ARGV: id, from, to, count:number, back:number
Returns: { the id of the last event that was looked at, '' if there are no more; the names of those that were deleted }
]]
local found = back == 1 and redis.call('XREVRANGE', events, to, from, 'COUNT', count) or redis.call('XRANGE', events, from, to, 'COUNT', count)
local deleted = {}
for _, event in ipairs(found) do
  local fields = {}
  for i = 1, #event[2], 2 do fields[event[2][i]] = event[2][i + 1] end
  if fields.jobId == id and redis.call('XDEL', events, event[1]) == 1 then deleted[#deleted + 1] = fields.event or '' end
end
return { #found == count and found[#found][1] or '', deleted }
