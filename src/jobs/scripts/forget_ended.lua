--[[
Removes jobs that ended longer ago than ended jobs are kept, where no job ends that would take them along.
KEYS: completed, failed, jobs, behind, cancelled
ARGV: retentionMs:number, longerMs:number, limit:number
Returns: how many there were, of the completed or of the failed, whichever are more
]]
--include clock
--include forget_ended
return forgetEnded(limit)
