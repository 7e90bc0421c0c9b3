--[[
Lists notifications under their job, and the job under its user, so that erasing finds them. Each time a few of the user's jobs are
looked at, and those whose lists are over are taken out: so the set has at most about a third more than the jobs that have a list.
KEYS: list, ofUser, lists
ARGV: jobId, owned:number, listS:number, setS:number, looked:number, ...
Returns: nothing
]]
redis.call('SADD', list, unpack(ARGV, rest))
redis.call('EXPIRE', list, listS)
if owned == 0 then return end
redis.call('SADD', ofUser, jobId)
redis.call('EXPIRE', ofUser, setS)
for _, other in ipairs(redis.call('SRANDMEMBER', ofUser, looked)) do
  if redis.call('EXISTS', lists .. other) == 0 then redis.call('SREM', ofUser, other) end
end
