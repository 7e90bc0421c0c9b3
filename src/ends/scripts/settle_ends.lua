--[[
Settles jobs that were claimed. A job leaves the outbox only if its end is still the one that was handed on: one that was retried
meanwhile ends once more. With `marks` a cancelled job must also have the mark of its claim still: else a call of it was billed since.
`how`: 'done'; after how many ms to try again; or why it was refused for good, as JSON.
KEYS: outbox, overdue, parked, jobs
ARGV: keptMs:number, marks:number, ...
Returns: nothing
]]
--include clock
local function settle(id, finished, how)
  if tonumber(how) then return redis.call('ZADD', outbox, 'XX', now + tonumber(how), id) end
  local record = redis.pcall('HMGET', jobs .. id, 'name', 'finishedOn', 'failedReason', FIELDS.archived)
  local gone = not record.err and not record[1] and not record[2]
  local isBilled = marks == 1 and not record.err and record[3] == 'cancelled' and not record[4]
  if not gone and (record.err or record[2] ~= finished or isBilled) then return redis.call('ZADD', outbox, 'XX', now, id) end
  redis.call('ZREM', outbox, id)
  redis.call('ZREM', overdue, id)
  redis.call('HDEL', parked, id)
  if how ~= 'done' and not gone then
    redis.call('HSET', parked, id, how)
    redis.call('PEXPIRE', parked, keptMs)
  end
end
if redis.call('TYPE', parked).ok ~= 'hash' then redis.call('DEL', parked) end
for i = rest, #ARGV, 3 do settle(ARGV[i], ARGV[i + 1], ARGV[i + 2]) end
