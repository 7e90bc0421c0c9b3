--[[
Gives a job that is about to be delayed for `afterMs` its tenant's next tag, and notes when it can run again.
`queue` is what the keys of the job's lane begin with.
KEYS: turns, queue, coming, job
ARGV: tenant, afterMs:number
Returns: nothing
Writes: priority, ready
]]
--include clock
--include mend
--include next_tag
local function body() redis.call('HSET', job, 'priority', nextTag(turns, virtualTime(queue, turns), tenant, 1), FIELDS.ready, now + afterMs) end
if pcall(body) then return end
mend(turns, 'zset') -- a structure of ours of another type is begun anew
mend(coming, 'zset')
body()
