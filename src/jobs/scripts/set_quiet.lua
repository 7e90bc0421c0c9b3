--[[
Tells a worker to take no more jobs, or to take jobs again (`detail` is ''). What was asked of workers that are gone is forgotten.
KEYS: quiet, seen, actions
ARGV: worker, detail, entry
Returns: 'quiet', 'changed' where it was quiet before, 'resumed', 'not quiet', or 'unknown' where no such worker was seen lately
]]
--include mend
--include log_action
mend(quiet, 'hash')
for _, id in ipairs(redis.call('HKEYS', quiet)) do
  if not redis.call('ZSCORE', seen, id) then redis.call('HDEL', quiet, id) end
end
if not redis.call('ZSCORE', seen, worker) then return 'unknown' end
local result
if detail == '' then result = redis.call('HDEL', quiet, worker) == 1 and 'resumed' or 'not quiet'
else result = redis.call('HSET', quiet, worker, detail) == 1 and 'quiet' or 'changed' end
logAction(entry, result, '')
return result
