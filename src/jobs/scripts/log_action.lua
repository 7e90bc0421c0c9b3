--[[
Appends to the actions of operators.
KEYS: actions
ARGV: entry, result, counts
Returns: nothing
]]
--include mend
--include log_action
logAction(entry, result, counts)
