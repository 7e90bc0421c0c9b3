--[[
Asks to call a provider. A closed breaker lets everyone in, and says whether no failure is counted either. Once an open one may be closed again, it lets one in as a probe;
those it holds back are told to return one after the other.
`provider` and the parts that its name begins with may be paused by an operator, whom no success contradicts.
KEYS: breaker, pauses
ARGV: probeMs:number, paceMs:number, openMs:number, provider
Returns: { '', permit, 1 if nothing is known against the provider, else 0 } to one who may call; { code, ms } to one who is held back
]]
--include clock
--include mend
--include sound_breaker
local named = 'provider ' .. provider
while named do
  if redis.pcall('HEXISTS', pauses, named) == 1 then return { 'provider_unavailable', openMs, 0 } end
  named = string.match(named, '^(.*)%-[^%-]*$')
end
local state = redis.call('HMGET', breaker, 'until', 'probing', 'code')
if not state[1] then return { '', 0, 1 - redis.call('EXISTS', breaker) } end
local opens, probing = tonumber(state[1]), tonumber(state[2] or 0)
if now >= opens and now >= probing then
  redis.call('HSET', breaker, 'probing', now + probeMs)
  return { '', now + probeMs, 0 }
end
local held = redis.call('HINCRBY', breaker, 'held', 1)
return { state[3], math.max(opens - now, openMs) + (held - 1) * paceMs }
