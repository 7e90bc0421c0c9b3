--[[
Gives a probe's ticket back where its call has told nothing, so that another may try.
KEYS: breaker
ARGV: ticket
Returns: nothing
]]
if redis.call('HGET', breaker, 'probing') == ticket then redis.call('HDEL', breaker, 'probing') end
