-- placeOf(id) returns a job's state as BullMQ's own getState finds it, its score if it is delayed, its position in its queue (0 for none).
-- Expects the include `queues` and the keys completed and failed
local function placeOf(id)
  if redis.call('ZSCORE', completed, id) then return 'completed', '', 0 end
  if redis.call('ZSCORE', failed, id) then return 'failed', '', 0 end
  for _, queue in ipairs(queuesOf(id)) do
    local due = redis.call('ZSCORE', queue .. 'delayed', id)
    if due then return 'delayed', due, 0 end
    local rank = redis.call('ZRANK', queue .. 'prioritized', id)
    if rank then return 'waiting', '', redis.call('LLEN', queue .. 'wait') + rank + 1 end
    if redis.call('LPOS', queue .. 'active', id) then return 'active', '', 0 end
    -- taken from the right end: the last is next
    local index = redis.call('LPOS', queue .. 'wait', id)
    if index then return 'waiting', '', redis.call('LLEN', queue .. 'wait') - index end
  end
  return 'waiting', '', 0
end
