--[[
Ends the pause of a scope.
KEYS: pauses, meta, events, actions
ARGV: scope, entry
Returns: 'resumed', or 'not paused' where it was not
]]
--include clock
--include mend
--include log_action
--include lift_pauses
liftOver()
local result = liftPause(scope) and 'resumed' or 'not paused'
logAction(entry, result, '')
return result
