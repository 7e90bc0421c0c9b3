--[[
Puts a webhook endpoint of a user's in place of what it was when it was read. A new one finds a place only below the bound.
KEYS: endpoints
ARGV: id, before, after, max:number
Returns: 1 if it is there now, 0 if another request has changed it meanwhile, -1 if there are as many as there may be
]]
if (redis.call('HGET', endpoints, id) or '') ~= before then return 0 end
if before == '' and redis.call('HLEN', endpoints) >= max then return -1 end
redis.call('HSET', endpoints, id, after)
return 1
