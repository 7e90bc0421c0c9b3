--[[
Counts a failure; opens the breaker after enough of them, or for as long as the provider asks.
KEYS: breaker
ARGV: failures:number, openMs:number, maxMs:number, code, asked:number, keptMs:number
Returns: nothing
]]
--include clock
--include mend
--include sound_breaker
local opens = tonumber(redis.call('HGET', breaker, 'until') or 0)
if opens > now then return end
local count = redis.call('HINCRBY', breaker, 'failures', 1)
redis.call('HSET', breaker, 'code', code)
redis.call('PEXPIRE', breaker, keptMs)
if asked > 0 then opens = now + math.min(asked, maxMs)
elseif opens > 0 or count >= failures then
  opens = now + math.min(openMs * 2 ^ (redis.call('HINCRBY', breaker, 'opened', 1) - 1), maxMs)
else return end
redis.call('HSET', breaker, 'until', opens, 'held', 0)
redis.call('HDEL', breaker, 'probing')
