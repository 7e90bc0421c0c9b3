--[[
Lets a failed job wait again, with everything that it has finished. BullMQ's own retry would leave our end behind for a moment in
which it could be fixed anew. The number of the old end was sent to clients, so a row that is none takes its place in
the journal, and the attempt's row follows. Attempts are counted on, lost workers among them; as many are allowed again.
`codes` has all problem codes, each between spaces. `archived`, `notifies`: whether this end is archived, and told. `lookMs`: how soon
to look for it then. `maxRetries`: how many retries of its user's a job has, which are counted; -1 for a retry that is none of them.
A job whose journal is full would only fail again. It was admitted before, and counts as on its way (`coming`) until now. `prioritized`
and `marker` are those of the lane where it is to wait.
`failedAt`: only if it failed then, and a bulk action counts it; 0 for any failure.
KEYS: job, logs, bulkAction, coming, deadlines, outbox, notifyOutbox, failed, prioritized, marker, pc, events, meta
ARGV: id, priority:number, attempts:number, codes, cancelAfterMs:number, startWithinMs:number, archived:number, notifies:number, lookMs:number, maxRetries:number, failedAt:number
Returns: 'retried', 'not_failed', 'too_often' or 'unknown'
Writes: atm, attempt, defa, end, events, failedBy, failedReason, finishedOn, givenBack, losses, opts, priority, processedOn, putOffCode,
putOffs, ready, retries, stacktrace, startsAfterLoss, stc
]]
--include clock
--include with_events
redis.pcall('ZREM', coming, id)
local fields = redis.call('HMGET', job, 'name', 'failedReason', 'opts', FIELDS.end, FIELDS.attempt, 'progress', FIELDS.retries, FIELDS.events, 'timestamp', 'finishedOn')
if not fields[1] then return 'unknown' end
if not redis.call('ZSCORE', failed, id) or fields[2] == 'cancelled' then return 'not_failed' end
if failedAt > 0 and tonumber(fields[10] or '') ~= failedAt then return 'not_failed' end

-- why it failed and what it keeps: the new attempt's row says both
local code = string.match(fields[2] or '', '^[%l_]+') or ''
if not string.find(codes, ' ' .. code .. ' ', 1, true) then code = 'internal_error' end
local retries = tonumber(fields[7] or '') or 0
if code == 'journal_full' or (maxRetries >= 0 and retries >= maxRetries) then return 'too_often' end
local read, progress = pcall(cjson.decode, fields[6] or '')
local items = read and type(progress) == 'table' and tonumber(progress.items) or 0

local made = math.max(tonumber(fields[5] or '') or 0, 1)
local opts = string.gsub(fields[3] or '{}', '"attempts":%d+', '"attempts":' .. made + attempts, 1)
redis.call('HDEL', job, 'failedReason', 'finishedOn', 'processedOn', 'stacktrace', 'defa', FIELDS.end, FIELDS.putOffCode, FIELDS.putOffs, FIELDS.startsAfterLoss, FIELDS.losses, FIELDS.givenBack, FIELDS.failedBy)
redis.call('HSET', job, 'atm', made, 'stc', 0, 'opts', opts, 'priority', priority, FIELDS.attempt, made + 1, FIELDS.ready, now)
if maxRetries >= 0 then redis.call('HSET', job, FIELDS.retries, retries + 1) end

if type(redis.pcall('LLEN', logs)) ~= 'number' then redis.call('DEL', logs) end
local length = redis.call('LLEN', logs)
local last = tonumber(fields[4] or '') or length + 1
if last > length + 10000 then last = length + 1 end -- no end that we have fixed
while redis.call('LLEN', logs) < last do redis.call('RPUSH', logs, '{}') end
local row = '"type":"attempt","attempt":' .. made + 1 .. ',"itemsKept":' .. string.format('%d', items) .. ',"code":"' .. code .. '"}'
local seq = redis.call('RPUSH', logs, '{' .. row)

local limit = tonumber(redis.call('HGET', meta, 'opts.maxLenEvents') or '') or 10000
redis.call('ZREM', failed, id)
redis.call('ZREM', deadlines, id)
if archived == 1 then redis.call('ZADD', outbox, now + lookMs, id) end
if notifies == 1 then redis.call('ZADD', notifyOutbox, now + lookMs, id) end
redis.call('ZREM', deadlines, 'start ' .. id)
if cancelAfterMs > 0 then redis.call('ZADD', deadlines, now + cancelAfterMs, id) end
if startWithinMs > 0 then redis.call('ZADD', deadlines, now + startWithinMs, 'start ' .. id) end
redis.call('ZADD', prioritized, priority * 0x100000000 + redis.call('INCR', pc) % 0x100000000, id)
redis.call('ZADD', marker, 0, '0')
redis.call('XADD', events, 'MAXLEN', '~', limit, '*', 'event', 'waiting', 'jobId', id, 'prev', 'failed')
local at = redis.call('XADD', events, 'MAXLEN', '~', limit, '*', 'event', 'progress', 'jobId', id, 'data', '{"seq":' .. seq .. ',' .. row)
redis.call('HSET', job, FIELDS.events, withEvents(fields[8] or '', fields[9], at, 1))
if failedAt > 0 and redis.call('EXISTS', bulkAction) == 1 then redis.call('HINCRBY', bulkAction, 'done', 1) end
return 'retried'
