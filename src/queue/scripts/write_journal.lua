--[[
Appends a row to a job's journal and publishes it in one step, and keeps fields of the job's record, if the run still holds the
job's lock and the job has not ended. BullMQ's log() and updateProgress() would take two steps, and would also serve a run that
was replaced long ago. The event is BullMQ's own `progress`, with the row and its number. A row that is at its place already was
written before its reply got lost, and is not written again. The rest are names and values of the fields, in turn.
KEYS: job, lock, logs, events, meta
ARGV: id, token, row, place:number, ...
Returns: the row's number; 0 without a row; -1 if the run may not write; -2 - length if the row's place is not the journal's next
]]
if redis.call('GET', lock) ~= token then return -1 end
local known = redis.call('HMGET', job, 'name', 'finishedOn')
if not known[1] or known[2] then return -1 end
if row ~= '' then
  local length = redis.call('LLEN', logs)
  if length < place - 1 then return -2 - length end
  if length >= place then return redis.call('LINDEX', logs, place - 1) == row and place or -2 - length end
end
if #ARGV >= rest then redis.call('HSET', job, unpack(ARGV, rest)) end
if row == '' then return 0 end
local seq = redis.call('RPUSH', logs, row)
local data = '{"seq":' .. seq .. ',' .. string.sub(row, 2)
redis.call('XADD', events, 'MAXLEN', '~', redis.call('HGET', meta, 'opts.maxLenEvents') or 10000, '*', 'event', 'progress', 'jobId', id, 'data', data)
return seq
