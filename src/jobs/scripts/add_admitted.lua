--[[
Adds a job that was admitted before, with its `priority` and its time `at`: one with files, once they are stored, and the child that
another job leads to. A job under a key that another one holds by now is not added. A child is noted in its `parent`'s record, so that
it is made once, also if it is gone by then; where the parent is gone (it was erased), nothing is added.
KEYS: jobs, coming, events, meta, counter, dedupPrefix
ARGV: id, name, data, lane, priority:number, at:number, key, keyMs:number, parent, options
Returns: the id of the job that there is now; '' if there is none, because its parent is gone
Writes: child, data, deid, delay, name, opts, priority, timestamp
]]
--include queues
--include add_job
redis.pcall('ZREM', coming, id)
if parent ~= '' then
  local made, there = unpack(redis.call('HMGET', jobs .. parent, FIELDS.child, 'name'))
  if made or not there then return there and id or '' end
end
local holder = key ~= '' and redis.call('GET', dedupPrefix .. key)
if holder then return holder end
if redis.call('EXISTS', jobs .. id) == 1 then return id end -- it was abandoned before it came
local job = { id = id, name = name, tag = priority, at = at, key = key, keyMs = keyMs }
redis.call('HSET', jobs .. id, 'name', name, 'data', data, 'opts', announceJob(job), 'timestamp', job.at, 'delay', 0, 'priority', job.tag)
if key ~= '' then redis.call('HSET', jobs .. id, 'deid', key) end
letWait(lane, { job })
if parent ~= '' then redis.call('HSET', jobs .. parent, FIELDS.child, id) end
return id
