--[[
Gives a run its job's lock back after it has expired, because Redis took no writes or stood still. It does so only if no other run has begun
the job since: `started` is how often it was begun, this run included. The job stands where it was, or where BullMQ's check for stalled jobs
has put it; then it is taken out of there, and the stall does not count. `stalls`: how many there were when the run began.
KEYS: job, lock, active, wait, stalled, events, meta
ARGV: id, token, started, stalls, lockMs
Returns: 1 if the run has the lock; 0 if the job is not its own any more
Writes: stc
]]
local record = redis.pcall('HMGET', job, 'name', 'finishedOn', 'ats')
if record.err or not record[1] or record[2] or record[3] ~= started then return 0 end
local held = redis.pcall('GET', lock)
if held then return held == token and 1 or 0 end
local isActive = redis.call('LPOS', active, id)
if not (isActive or redis.call('LPOS', wait, id)) then return 0 end
redis.call('SET', lock, token, 'PX', lockMs) -- first: if Redis refuses it, nothing was changed
redis.call('SREM', stalled, id)
if isActive then return 1 end
redis.call('LREM', wait, 1, id)
redis.call('LPUSH', active, id)
redis.call('HSET', job, 'stc', stalls)
local kept = tonumber(redis.call('HGET', meta, 'opts.maxLenEvents') or '') or 10000
redis.call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'active', 'jobId', id, 'prev', 'waiting')
return 1
