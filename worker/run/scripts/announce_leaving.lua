--[[
Says of jobs that their worker is about to stop, and lets their locks hold for a short time only. The rest are ids and lock tokens, in
turn; `jobs` is what the keys of jobs begin with. As BullMQ does where it renews a lock, it takes each job out of those that seem stalled.
KEYS: leaving, jobs
ARGV: lockMs:number, keptMs:number, ...
Returns: nothing
]]
--include queues
for i = rest, #ARGV, 2 do
  local id, token = ARGV[i], ARGV[i + 1]
  local lock = jobs .. id .. ':lock'
  if redis.pcall('GET', lock) == token then
    redis.call('PEXPIRE', lock, lockMs)
    redis.call('HSET', leaving, id, token)
    for _, queue in ipairs(queuesOf(id)) do redis.call('SREM', queue .. 'stalled', id) end
  end
end
redis.call('PEXPIRE', leaving, keptMs)
