-- Adding jobs as BullMQ's own addPrioritizedJob does. A job is { id, name, tag, at, key, keyMs }. announceJob(job) writes its events and its
-- deduplication key, and returns the options that stand in its record; letWait(lane, added) puts jobs that have a record into a lane, and
-- wakes a worker. Expects the include `queues`; the keys events, meta, counter and dedupPrefix; and options, what all jobs have of
-- BullMQ's options, as JSON that is left open
local queueState -- how many events are kept, whether the queue is paused, and how many of its jobs may be active
local function announceJob(job)
  queueState = queueState or redis.call('HMGET', meta, 'opts.maxLenEvents', 'paused', 'concurrency')
  redis.call('XADD', events, '*', 'event', 'added', 'jobId', job.id, 'name', job.name)
  redis.call('XADD', events, 'MAXLEN', '~', queueState[1] or 10000, '*', 'event', 'waiting', 'jobId', job.id)
  local opts = options .. string.format(',"jobId":"%s","timestamp":%.0f,"priority":%d', job.id, job.at, job.tag)
  if job.key == '' then return opts .. '}' end
  redis.call('SET', dedupPrefix .. job.key, job.id, 'PX', job.keyMs)
  return opts .. ',"de":{"id":"' .. job.key .. '","ttl":' .. job.keyMs .. '}}'
end

local function letWait(lane, added)
  local queue = queueIn(lane)
  redis.call('INCRBY', counter, #added)
  local place = redis.call('INCRBY', queue .. 'pc', #added) - #added
  local entries = {}
  for n, job in ipairs(added) do
    entries[2 * n - 1] = job.tag * 0x100000000 + (place + n) % 0x100000000
    entries[2 * n] = job.id
  end
  redis.call('ZADD', queue .. 'prioritized', unpack(entries))
  local isHeld = queueState[2] or queueState[3] and redis.call('LLEN', queue .. 'active') >= tonumber(queueState[3])
  if not isHeld then redis.call('ZADD', queue .. 'marker', 0, '0') end
end
