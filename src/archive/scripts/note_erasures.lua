--[[
Notes erasures by when they were asked for, which is now: jobs are made by the same clock, so none
that comes later is erased. The rest are their names.
KEYS: erasures
ARGV: ...
Returns: now, in ms since the epoch
]]
--include clock
--include mend
mend(erasures, 'zset')
for i = rest, #ARGV do redis.call('ZADD', erasures, now, ARGV[i]) end
return now
