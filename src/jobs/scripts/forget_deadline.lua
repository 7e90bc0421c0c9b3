--[[
Forgets a deadline that has been kept; one that was set anew meanwhile is left.
KEYS: deadlines
ARGV: id
Returns: nothing
]]
--include clock
if tonumber(redis.call('ZSCORE', deadlines, id) or 0) <= now then redis.call('ZREM', deadlines, id) end
