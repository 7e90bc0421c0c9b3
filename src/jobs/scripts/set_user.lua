--[[
Sets the terms of a tenant, for `untilMs` (0 for no end), in place of those before; with `plain` 1 it has those of its plan again. Terms
whose time is over are forgotten.
KEYS: users, actions
ARGV: tenant, plain:number, blocked:number, weight, maxJobs, untilMs:number, detail, entry
Returns: 'set', or 'removed'
]]
--include clock
--include mend
--include log_action
mend(users, 'hash')
local entries = redis.call('HGETALL', users)
for n = 1, #entries, 2 do
  local ends = tonumber(string.match(entries[n + 1], '^(%d+) ') or '')
  if not ends or (ends > 0 and ends <= now) then redis.call('HDEL', users, entries[n]) end
end
if plain == 1 then redis.call('HDEL', users, tenant)
else
  local ends = untilMs > 0 and now + untilMs or 0
  redis.call('HSET', users, tenant, string.format('%.0f %d %s %s %.0f %s', ends, blocked, weight, maxJobs, now, detail))
end
local result = plain == 1 and 'removed' or 'set'
logAction(entry, result, '')
return result
