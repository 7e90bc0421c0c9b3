--[[
Forgets the deadline of a job that has ended. One that is about to go on keeps it.
KEYS: job, deadlines
ARGV: id
Returns: nothing
]]
local finishedOn = redis.pcall('HGET', job, 'finishedOn')
if type(finishedOn) == 'string' then redis.pcall('ZREM', deadlines, id) end
