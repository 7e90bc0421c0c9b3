--[[
Settles jobs that were claimed. A job leaves the outbox only if its end is still the one that was handed on: one that was retried
meanwhile ends once more. `how`: 'done'; after how many ms to try again; or why it was refused for good, as JSON.
KEYS: outbox, overdue, parked, jobs
ARGV: keptMs:number, ...
Returns: nothing
]]
--include clock
local function settle(id, finished, how)
  if tonumber(how) then return redis.call('ZADD', outbox, 'XX', now + tonumber(how), id) end
  local record = redis.pcall('HMGET', jobs .. id, 'name', 'finishedOn')
  local gone = not record.err and not record[1] and not record[2]
  if not gone and (record.err or record[2] ~= finished) then return redis.call('ZADD', outbox, 'XX', now, id) end
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
