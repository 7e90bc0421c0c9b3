--[[
Reads a value that all processes share; the first to ask decides it. One that can't be read is as if it had not been decided yet.
KEYS: shared
ARGV: proposed
Returns: the value
]]
local value = redis.pcall('GET', shared)
if type(value) == 'string' and value ~= '' then return value end
redis.call('SET', shared, proposed)
return proposed
