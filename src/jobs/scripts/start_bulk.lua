--[[
Starts a bulk action that was reckoned before, once: who starts it again is told that it goes on, or is done.
KEYS: action, jobs, bulk, actions
ARGV: id, what, rate:number, by, entry, keptS:number
Returns: 'started', 'running', 'done', or 'unknown' where there is none of this kind, or its time to be started is over
]]
--include clock
--include mend
--include log_action
local state, own = unpack(redis.call('HMGET', action, 'state', 'what'))
if not state or own ~= what then return 'unknown' end
local counts = string.format('{"jobs":%d}', tonumber(redis.call('HGET', action, 'count') or '') or 0)
if state ~= 'ready' then
  logAction(entry, state, counts)
  return state
end
redis.call('HSET', action, 'state', 'running', 'rate', rate, 'startedBy', by, 'startedAt', now, 'entry', entry)
redis.call('EXPIRE', action, keptS)
redis.call('EXPIRE', jobs, keptS)
mend(bulk, 'zset')
redis.call('ZADD', bulk, now, id)
logAction(entry, 'started', counts)
return 'started'
