--[[
Takes a job from wherever it is and puts it among the failed. The lock goes too, so a worker that runs the job can neither
complete it nor write to its journal any more. BullMQ's own ways end only active jobs at once (moveToFailed with token 0); a waiting
one would wait on to be refused. The job's deadline goes with it, and the reason `cancelled` also notes when. With `onlyUnbegun` a job
stays of which a run has begun. As BullMQ's own ends do, it takes ended jobs along whose time is over.
If the job is not there, and `absentMs` is more than 0, a mark takes its record's place for so long: then BullMQ does not add it, should its
add still be on its way.
`unreadable` is 1 for a record that can't be read: it is rewritten as far as it takes to be listed, if the job's lock is `held`
('' for none).
KEYS: job, lock, deadlines, jobs, behind, cancelled, events, meta, completed, failed
ARGV: id, reason, kind, onlyUnbegun:number, unreadable:number, held, absentMs:number, retentionMs:number, longerMs:number, limit:number
Returns: 'done'; 'ended' if it had ended already; 'unknown' if it is not there; 'held' if somebody else holds its lock now; 'begun'
Writes: cancelled, failedReason, finishedOn, name, timestamp
]]
--include clock
--include queues
--include forget_ended
--include mend
local record = redis.pcall('HMGET', job, 'name', 'timestamp', 'processedOn', 'finishedOn')
if unreadable == 0 and (record.err or not (record[1] or record[2] or record[3] or record[4])) then
  if absentMs > 0 and not record.err then
    redis.call('HSET', job, FIELDS.cancelled, now)
    redis.call('PEXPIRE', job, absentMs)
  end
  return 'unknown'
end
if redis.call('ZSCORE', completed, id) or redis.call('ZSCORE', failed, id) then return 'ended' end
if onlyUnbegun == 1 and record[3] then return 'begun' end
if unreadable == 1 then
  local token = redis.pcall('GET', lock)
  if (type(token) == 'string' and token or '') ~= held then return 'held' end
  if record.err then redis.call('DEL', job) end
  redis.call('HSETNX', job, 'name', kind)
  if not tonumber(not record.err and record[2] or '') then redis.call('HSET', job, 'timestamp', now) end
end

local function takeFrom(queue)
  redis.call('SREM', queue .. 'stalled', id)
  if redis.call('ZREM', queue .. 'delayed', id) == 1 then return 'delayed' end
  if redis.call('ZREM', queue .. 'prioritized', id) == 1 then return 'prioritized' end
  if redis.call('LREM', queue .. 'active', -1, id) > 0 then return 'active' end
  return redis.call('LREM', queue .. 'wait', 1, id) > 0 and 'waiting'
end
local ofKind, ofAll = unpack(queuesOf(id))
local prev = takeFrom(ofKind) or takeFrom(ofAll) or 'waiting'
redis.call('DEL', lock)
redis.call('HSET', job, 'failedReason', reason, 'finishedOn', now)
if reason == 'cancelled' then
  redis.call('HSET', job, FIELDS.cancelled, now)
  mend(cancelled, 'zset')
  redis.call('ZADD', cancelled, now, id)
  redis.call('PEXPIRE', cancelled, retentionMs + longerMs)
end
redis.call('ZADD', failed, now, id)
redis.pcall('ZREM', deadlines, id, 'start ' .. id)
local kept = tonumber(redis.call('HGET', meta, 'opts.maxLenEvents') or '') or 10000
redis.call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'failed', 'jobId', id, 'failedReason', reason, 'prev', prev)
forgetEnded(limit)
return 'done'
