--[[
Takes back the place of a job that was admitted and then not added, with what it took of its tenant's rate and turns.
KEYS: open, index, deadlines, turns, rate
ARGV: id, tenant, weight:number
Returns: nothing
]]
for _, key in ipairs({ open, index, deadlines }) do redis.call('ZREM', key, id) end
redis.call('ZINCRBY', turns, -1 / weight, tenant)
if redis.call('EXISTS', rate) == 1 then redis.call('DECR', rate) end -- not in a window that began meanwhile
