--[[
Closes a breaker, unless it is open: a call that was made before it opened, and succeeds after, says nothing of now.
KEYS: breaker
ARGV:
Returns: nothing
]]
--include clock
--include mend
--include sound_breaker
if tonumber(redis.call('HGET', breaker, 'until') or 0) <= now then redis.call('DEL', breaker) end
