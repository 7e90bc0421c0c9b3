--[[
Finds the jobs whose lock is not their run's any more: they have ended, or another run has taken them. The rest are ids and lock
tokens, in turn; `jobs` is what the keys of jobs begin with.
KEYS: jobs
ARGV: ...
Returns: the ids of these jobs
]]
local lost = {}
for i = rest, #ARGV, 2 do
  if redis.pcall('GET', jobs .. ARGV[i] .. ':lock') ~= ARGV[i + 1] then lost[#lost + 1] = ARGV[i] end
end
return lost
