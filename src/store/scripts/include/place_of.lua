-- placeOf(id) returns a job's state as BullMQ's own getState finds it, its score if it is delayed, its position in the queue (0 for none)
local function placeOf(id)
  if redis.call('ZSCORE', completed, id) then return 'completed', '', 0 end
  if redis.call('ZSCORE', failed, id) then return 'failed', '', 0 end
  local due = redis.call('ZSCORE', delayed, id)
  if due then return 'delayed', due, 0 end
  local rank = redis.call('ZRANK', prioritized, id)
  if rank then return 'waiting', '', redis.call('LLEN', wait) + rank + 1 end
  if redis.call('LPOS', active, id) then return 'active', '', 0 end
  -- taken from the right end: the last is next
  local index = redis.call('LPOS', wait, id)
  return 'waiting', '', index and redis.call('LLEN', wait) - index or 0
end
