--[[
Counts that a job is given back by a worker that can't run it. One that was only given back so far (`starts`: how often BullMQ has started
it) has not begun: a limit of the time until it begins still holds.
KEYS: job
ARGV: starts:number
Returns: nothing
Writes: givenBack, processedOn
]]
if redis.call('HINCRBY', job, FIELDS.givenBack, 1) == starts then redis.call('HDEL', job, 'processedOn') end
