--[[
Lets jobs wait again, before all others, whose worker said that it would stop and is gone: their locks have expired. It is what the
worker would have done with more time, so it counts neither as an attempt nor as a lost worker. `jobs` is what the keys of jobs begin with.
KEYS: leaving, jobs, events, meta
ARGV:
Returns: the ids of these jobs
Writes: ready
]]
--include clock
--include queues
local entries = redis.pcall('HGETALL', leaving)
if entries.err then redis.call('DEL', leaving) end
local isPaused = redis.call('HGET', meta, 'paused')
local back = {}
-- lets a job wait again in the queue in which it ran, if it ran in this one
local function takeBack(queue, id)
  if redis.call('LREM', queue .. 'active', 1, id) == 0 then return end
  redis.call('RPUSH', queue .. 'wait', id)
  redis.call('SREM', queue .. 'stalled', id)
  redis.call('HSET', jobs .. id, FIELDS.ready, now)
  local kept = tonumber(redis.call('HGET', meta, 'opts.maxLenEvents') or '') or 10000
  redis.call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'waiting', 'jobId', id, 'prev', 'active')
  if not isPaused then redis.call('ZADD', queue .. 'marker', 0, '0') end
  back[#back + 1] = id
end
for i = 1, #entries, 2 do
  local id, token = entries[i], entries[i + 1]
  local held = redis.pcall('GET', jobs .. id .. ':lock')
  if held ~= token then
    redis.call('HDEL', leaving, id)
    if not held then
      for _, queue in ipairs(queuesOf(id)) do takeBack(queue, id) end
    end
  end
end
return back
