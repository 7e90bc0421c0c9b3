--[[
Finds the jobs whose lock is not their run's any more. The rest are ids and lock tokens, in turn; `jobs` is what the keys of jobs begin
with.
KEYS: jobs
ARGV: ...
Returns: { the ids of jobs that have ended, are gone or were taken by another run, the ids of others whose lock has expired }
]]
local lost, expired = {}, {}
for i = rest, #ARGV, 2 do
  local job = jobs .. ARGV[i]
  local held = redis.pcall('GET', job .. ':lock')
  if held ~= ARGV[i + 1] then
    local record = redis.pcall('HMGET', job, 'name', 'finishedOn')
    local isOpen = not record.err and record[1] and not record[2]
    local found = not held and isOpen and expired or lost
    found[#found + 1] = ARGV[i]
  end
end
return { lost, expired }
