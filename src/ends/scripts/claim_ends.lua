--[[
Claims jobs of the outbox that have ended: of those that are named, or else of those that are due. Who claims a job is expected to
settle it within the lease, and else it is claimed again. A named job whose time is further away than a look was claimed just now.
A job that has not ended is looked at again later. One that is gone, and does not come, is taken out. With `marks` a cancelled job is
marked: a call of it that is billed from now on takes the mark away.
KEYS: outbox, overdue, coming, completed, failed, jobs
ARGV: batch:number, lookMs:number, leaseMs:number, marks:number, ...
Returns: how many jobs were looked at, then for each that has ended its id and when it ended
Writes: archived
]]
--include clock
--include mend
mend(outbox, 'zset')
mend(overdue, 'zset')
if redis.call('EXISTS', outbox) == 0 then redis.call('DEL', overdue) end -- what was in it is not waited for any more

local found = {}
if #ARGV < rest then found = redis.call('ZRANGE', outbox, '-inf', now, 'BYSCORE', 'LIMIT', 0, batch) end
for i = rest, #ARGV do
  local at = redis.call('ZSCORE', outbox, ARGV[i])
  if at and tonumber(at) <= now + lookMs then found[#found + 1] = ARGV[i] end
end

local claimed = { #found }
for _, id in ipairs(found) do
  local record = redis.pcall('HMGET', jobs .. id, 'name', 'timestamp', 'finishedOn', 'failedReason')
  local there = record.err or record[1] or record[2]
  local isEnded = there and not record.err and (redis.call('ZSCORE', completed, id) or redis.call('ZSCORE', failed, id))
  if not there and not redis.pcall('ZSCORE', coming, id) then
    redis.call('ZREM', outbox, id)
    redis.call('ZREM', overdue, id)
  elseif isEnded and record[3] then
    local since = string.match(record[3], '^%d+$') and #record[3] < 16 and record[3] or now -- others can write to Redis, too
    redis.call('ZADD', outbox, now + leaseMs, id)
    redis.call('ZADD', overdue, since, id)
    if marks == 1 and record[4] == 'cancelled' then redis.call('HSET', jobs .. id, FIELDS.archived, '1') end
    claimed[#claimed + 1] = id
    claimed[#claimed + 1] = record[3]
  else
    redis.call('ZADD', outbox, now + lookMs, id)
    redis.call('ZREM', overdue, id) -- it was retried
  end
end
return claimed
