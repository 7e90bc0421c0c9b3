--[[
Takes back the place of a job that was admitted and then not added, and its child's, with what it took of its tenant's rate and turns,
and what was reserved for both.
KEYS: open, index, coming, deadlines, turns, rate, children, reserved
ARGV: id, child, tenant, weight:number
Returns: nothing
]]
--include reserved
for _, key in ipairs({ open, index, coming, deadlines }) do redis.call('ZREM', key, id) end
redis.call('ZREM', deadlines, 'start ' .. id)
redis.call('ZREM', open, child)
redis.call('HDEL', children, child)
redis.call('ZINCRBY', turns, -1 / weight, tenant)
if redis.call('EXISTS', rate) == 1 then redis.call('DECR', rate) end -- not in a window that began meanwhile
release(reserved, id)
release(reserved, child)
