--[[
Forgets the deadlines of jobs that have ended. One that is about to go on keeps its deadline. The rest are the jobs' ids; `jobs` is
what their keys begin with.
KEYS: jobs, deadlines
ARGV: ...
Returns: nothing
]]
local times = redis.pcall('ZMSCORE', deadlines, unpack(ARGV, rest))
if times.err then return end
for i, time in ipairs(times) do
  local id = ARGV[rest + i - 1]
  if time and type(redis.pcall('HGET', jobs .. id, 'finishedOn')) == 'string' then redis.call('ZREM', deadlines, id) end
end
