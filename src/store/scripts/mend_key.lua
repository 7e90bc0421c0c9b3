--[[
Removes a key that is of another type than it should be.
KEYS: key
ARGV: wanted
Returns: nothing
]]
--include mend
mend(key, wanted)
