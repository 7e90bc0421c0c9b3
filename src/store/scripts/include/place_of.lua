-- placeOf(id) returns a job's state as BullMQ's own getState finds it, its score if it is delayed, its position in its queue (0 for none).
-- Where most jobs are is looked at first. Expects the include `queues` and the keys completed and failed
local function placeOf(id)
  if redis.call('ZSCORE', completed, id) then return 'completed', '', 0 end
  if redis.call('ZSCORE', failed, id) then return 'failed', '', 0 end
  local queues = queuesOf(id)
  for _, queue in ipairs(queues) do
    local rank = redis.call('ZRANK', queue .. 'prioritized', id)
    if rank then return 'waiting', '', redis.call('LLEN', queue .. 'wait') + rank + 1 end
  end
  for _, queue in ipairs(queues) do
    local due = redis.call('ZSCORE', queue .. 'delayed', id)
    if due then return 'delayed', due, 0 end
  end
  for _, queue in ipairs(queues) do
    if redis.call('LPOS', queue .. 'active', id) then return 'active', '', 0 end
  end
  for _, queue in ipairs(queues) do
    -- taken from the right end: the last is next
    local index = redis.call('LPOS', queue .. 'wait', id)
    if index then return 'waiting', '', redis.call('LLEN', queue .. 'wait') - index end
  end
  return 'waiting', '', 0
end
