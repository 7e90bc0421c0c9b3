--[[
Counts a job that is to begin, in a window of `duration` ms that the first one opens. A counter of another type, or one that would never
end, is begun anew.
KEYS: limiter
ARGV: max:number, duration:number
Returns: { 0, how long the window still is in ms }; or { that, that } if `max` jobs have begun in it already
]]
--include mend
mend(limiter, 'string')
local left = redis.call('PTTL', limiter)
if left <= 0 then
  redis.call('SET', limiter, 1, 'PX', duration)
  return { 0, duration }
end
local used = tonumber(redis.call('GET', limiter)) or max
if used >= max then return { left, left } end
redis.call('INCR', limiter)
return { 0, left }
