--[[
Reads what operators have paused, after those pauses have been lifted whose time is over; and whether a worker is to be quiet. With
`holds` the worker says what it holds by now: operators are answered once all workers have.
KEYS: pauses, quiet, holding, meta, events, actions
ARGV: worker, holds
Returns: { scopes and pauses in turn, the worker's entry or '' }
]]
--include clock
--include mend
--include log_action
--include lift_pauses
if redis.call('EXISTS', pauses) == 1 then liftOver() end
if holds ~= '' then
  mend(holding, 'hash')
  redis.call('HSET', holding, worker, holds)
  redis.call('EXPIRE', holding, 86400)
end
local asked = worker ~= '' and redis.pcall('HGET', quiet, worker)
return { redis.call('HGETALL', pauses), type(asked) == 'string' and asked or '' }
