--[[
Pauses a scope, for `untilMs` (0 for no end), or changes the pause that there is. A pause of all is BullMQ's own, too, so that no script of
BullMQ hands out a job. What runs goes on.
KEYS: pauses, meta, events, actions
ARGV: scope, detail, entry, untilMs:number
Returns: 'paused', or 'changed' where it was paused before
]]
--include clock
--include mend
--include log_action
--include lift_pauses
liftOver()
local before = redis.call('HGET', pauses, scope)
local since = before and string.match(before, '^%d+ (%d+) ') or string.format('%.0f', now)
local ends = untilMs > 0 and now + untilMs or 0
redis.call('HSET', pauses, scope, string.format('%.0f %s %s', ends, since, detail))
if scope == 'all' then redis.call('HSET', meta, 'paused', 1) end
tellPauses('paused')
local result = before and 'changed' or 'paused'
logAction(entry, result, '')
return result
