--[[
Notes that the first `count` jobs of a bulk action are done, and renews the claim; of which the action was ended tells the log. `did`: how
many of them were changed; a retry counts that itself (retry_job). `ends` is 1 where there are no more.
KEYS: action, jobs, bulk, actions
ARGV: id, claim, count:number, did:number, ends:number, leaseMs:number
Returns: the new claim, or '' if another process has it, or it is over
]]
--include clock
--include mend
--include log_action
if tonumber(redis.call('ZSCORE', bulk, id) or '') ~= tonumber(claim) then return '' end
if redis.call('EXISTS', action) == 0 then
  redis.call('ZREM', bulk, id)
  return ''
end
redis.call('LTRIM', jobs, count, -1)
redis.call('HINCRBY', action, 'processed', count)
redis.call('HINCRBY', action, 'done', did)
if ends == 0 then
  local renewed = string.format('%.0f', now + leaseMs)
  redis.call('ZADD', bulk, renewed, id)
  return renewed
end
redis.call('ZREM', bulk, id)
redis.call('HSET', action, 'state', 'done', 'finishedAt', now)
local entry, jobCount, done = unpack(redis.call('HMGET', action, 'entry', 'count', 'done'))
logAction(entry or '{}', 'done', string.format('{"jobs":%d,"done":%d,"skipped":%d}', jobCount, done, jobCount - done))
return ''
