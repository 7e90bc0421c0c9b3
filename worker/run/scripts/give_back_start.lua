--[[
Counts a job less: none was there to begin.
KEYS: limiter
ARGV:
Returns: nothing
]]
local used = redis.pcall('GET', limiter)
if type(used) == 'string' and (tonumber(used) or 0) > 0 then redis.call('DECR', limiter) end
