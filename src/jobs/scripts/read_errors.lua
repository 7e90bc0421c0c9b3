--[[
Reads the errors of the minute that runs and of so many before it.
KEYS: errors
ARGV: minutes:number
Returns: for each minute, the newest first, names and values in turn
]]
--include clock
local found = {}
for ago = 0, minutes do
  local fields = redis.pcall('HGETALL', errors .. math.floor(now / 60000) - ago)
  found[#found + 1] = fields.err and {} or fields
end
return found
