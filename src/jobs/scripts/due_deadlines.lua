--[[
Reads deadlines that are over, and how long it is until the next one, `lookMs` at most.
KEYS: deadlines
ARGV: batch:number, lookMs:number
Returns: { the ms until the next one, the entries that are due }; no more than `batch` of them
]]
--include clock
--include mend
mend(deadlines, 'zset')
local due = redis.call('ZRANGE', deadlines, '-inf', now, 'BYSCORE', 'LIMIT', 0, batch)
local next = redis.call('ZRANGE', deadlines, '(' .. now, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')[2]
return { math.min((tonumber(next) or math.huge) - now, lookMs), due }
