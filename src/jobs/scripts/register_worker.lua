--[[
Says what a worker can do, and that it lives now. Redis' own clock counts: workers' clocks may differ.
KEYS: workers, seen
ARGV: id, description, keptMs:number
Returns: nothing
]]
--include clock
redis.call('HSET', workers, id, description)
redis.call('ZADD', seen, now, id)
redis.call('PEXPIRE', workers, keptMs)
redis.call('PEXPIRE', seen, keptMs)
