--[[
Counts errors of jobs in the minute that runs, by group. Each group keeps the last example. A minute takes `maxGroups` groups; what is
of a further one counts for its rest, which is a group with fewer parts. The rest of the arguments are four for each group: the group,
its rest, how many errors, and an example.
KEYS: errors
ARGV: maxGroups:number, keptMs:number, ...
Returns: nothing
]]
--include clock
--include mend
local minute = errors .. math.floor(now / 60000)
mend(minute, 'hash')
for i = rest, #ARGV, 4 do
  local group = ARGV[i]
  if redis.call('HEXISTS', minute, 'n' .. group) == 0 and redis.call('HLEN', minute) >= 2 * maxGroups then group = ARGV[i + 1] end
  redis.call('HINCRBY', minute, 'n' .. group, ARGV[i + 2])
  redis.call('HSET', minute, 'e' .. group, ARGV[i + 3])
end
redis.call('PEXPIRE', minute, keptMs)
