--[[
Appends rows to a job's journal and publishes each in one step, and keeps fields of the job's record, if the run still holds the
job's lock and the job has not ended. BullMQ's log() and updateProgress() would take two steps a row, and would also serve a run that
was replaced long ago. The events are BullMQ's own `progress`, with the row and its number. Rows that are at their places already
were written before the reply got lost, and are not written again. The rest are `count` rows, the first of them for `place`, and
then names and values of the fields, in turn. A journal that has no room for all rows of a step takes none of them. `kept`: how many
events the stream holds.
KEYS: job, lock, logs, events
ARGV: id, token, place:number, count:number, maxRows:number, maxBytes:number, kept, ...
Returns: 0; 1 if the journal is full; -1 if the run may not write; -2 - length if the first row's place is not the journal's next, or another's row is there
Writes: events, journalBytes
]]
--include with_events
if redis.call('GET', lock) ~= token then return -1 end
local known = redis.call('HMGET', job, 'name', 'finishedOn', FIELDS.journalBytes, FIELDS.events, 'timestamp')
if not known[1] or known[2] then return -1 end
if count == 0 then
  if #ARGV >= rest then redis.call('HSET', job, unpack(ARGV, rest)) end
  return 0
end
local length, bytes = redis.call('LLEN', logs), tonumber(known[3] or '') or 0
if length < place - 1 then return -2 - length end
local there = math.min(length - place + 1, count) -- how many of the rows are at their places already
for i = 0, there - 1 do
  if redis.call('LINDEX', logs, place - 1 + i) ~= ARGV[rest + i] then return -2 - length end
end
if there == count then return 0 end
for i = there, count - 1 do bytes = bytes + #ARGV[rest + i] end
if place - 1 + count > maxRows or bytes > maxBytes then return 1 end

local AT_ONCE = 100 -- rows of one command: a run that writes again what Redis has lost may have thousands
for from = there, count - 1, AT_ONCE do redis.call('RPUSH', logs, unpack(ARGV, rest + from, rest + math.min(from + AT_ONCE, count) - 1)) end
local first
for i = there, count - 1 do
  local data = '{"seq":' .. place + i .. ',' .. string.sub(ARGV[rest + i], 2)
  local at = redis.call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'progress', 'jobId', id, 'data', data)
  first = first or at
end
local places = withEvents(known[4] or '', known[5], first, count - there)
redis.call('HSET', job, FIELDS.journalBytes, bytes, FIELDS.events, places, unpack(ARGV, rest + count))
return 0
