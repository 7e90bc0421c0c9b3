--[[
Claims a bulk action that goes on and that no process is at: none was, or it has not come back for `leaseMs`.
KEYS: bulk
ARGV: leaseMs:number
Returns: { its id, the claim }, or {} if there is none
]]
--include clock
--include mend
mend(bulk, 'zset')
local id = redis.call('ZRANGE', bulk, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)[1]
if not id then return {} end
local claim = string.format('%.0f', now + leaseMs)
redis.call('ZADD', bulk, claim, id)
return { id, claim }
