--[[
Reads what the workers can do that were seen lately, and forgets the others.
KEYS: workers, seen
ARGV: keptMs:number
Returns: a list of { description, ms since it was seen, id }
]]
--include clock
for _, id in ipairs(redis.call('ZRANGEBYSCORE', seen, '-inf', now - keptMs)) do
  redis.call('HDEL', workers, id)
  redis.call('ZREM', seen, id)
end
local found = {}
local entries = redis.call('ZRANGE', seen, 0, -1, 'WITHSCORES')
for i = 1, #entries, 2 do
  local description = redis.call('HGET', workers, entries[i])
  if description then found[#found + 1] = { description, now - tonumber(entries[i + 1]), entries[i] } end
end
return found
