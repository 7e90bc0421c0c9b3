--[[
Says that a worker has stopped. What it could do is remembered: another may be about to start in its place.
KEYS: workers, seen
ARGV: id, leaseMs:number
Returns: nothing
]]
--include clock
if redis.call('HEXISTS', workers, id) == 1 then redis.call('ZADD', seen, now - leaseMs - 1, id) end
