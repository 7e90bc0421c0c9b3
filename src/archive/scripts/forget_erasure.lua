--[[
Forgets an erasure that was carried out, unless it was asked for again meanwhile.
KEYS: erasures
ARGV: target, at
Returns: nothing
]]
if redis.call('ZSCORE', erasures, target) == at then redis.call('ZREM', erasures, target) end
