--[[
Lets jobs wait again, before all others, whose worker said that it would stop and is gone: their locks have expired. It is what the
worker would have done with more time, so it counts neither as an attempt nor as a lost worker. `jobs` is what the keys of jobs begin with.
KEYS: leaving, jobs, active, wait, stalled, marker, events, meta
ARGV:
Returns: the ids of these jobs
Writes: ready
]]
--include clock
local entries = redis.pcall('HGETALL', leaving)
if entries.err then redis.call('DEL', leaving) end
local back = {}
for i = 1, #entries, 2 do
  local id, token = entries[i], entries[i + 1]
  local held = redis.pcall('GET', jobs .. id .. ':lock')
  if held ~= token then
    redis.call('HDEL', leaving, id)
    if not held and redis.call('LREM', active, 1, id) > 0 then
      redis.call('RPUSH', wait, id)
      redis.call('SREM', stalled, id)
      redis.call('HSET', jobs .. id, FIELDS.ready, now)
      local kept = tonumber(redis.call('HGET', meta, 'opts.maxLenEvents') or '') or 10000
      redis.call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'waiting', 'jobId', id, 'prev', 'active')
      back[#back + 1] = id
    end
  end
end
if #back > 0 and not redis.call('HGET', meta, 'paused') then redis.call('ZADD', marker, 0, '0') end
return back
