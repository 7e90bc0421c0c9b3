--[[
Gives a probe's permit back where its call has told nothing, so that another may try.
KEYS: breaker
ARGV: permit
Returns: nothing
]]
if redis.call('HGET', breaker, 'probing') == permit then redis.call('HDEL', breaker, 'probing') end
