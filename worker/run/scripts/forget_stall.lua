--[[
Takes back that a job has lost its worker, if no worker had begun it: it has no row, was found without a worker once, and was not given out
more than `most` times.
KEYS: job
ARGV: most:number
Returns: 1 if it did; 0 if the loss counts
Writes: stc
]]
local record = redis.call('HMGET', job, 'stc', 'atm', 'ats', FIELDS.journalBytes)
if record[1] ~= '1' or record[4] or (tonumber(record[2]) or 0) > 0 or (tonumber(record[3]) or 0) > most then return 0 end
redis.call('HSET', job, 'stc', 0)
return 1
