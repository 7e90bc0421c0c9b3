--[[
Decides whether there is a place for a job. If so, it takes the place: the job is among its tenant's open jobs, in its
user's index and in the deadlines, and counts as on its way until it has been added. A tenant's open jobs are counted by looking
which have ended, and only once the bound is reached: there is no count that a crash could leave wrong.
KEYS: dedup, wait, delayed, open, index, deadlines, spent, turns, prioritized, active, coming, jobs
ARGV: id, now:number, tenant, weight:number, maxDepth:number, maxOpen:number, maxTokens:number, cancelAt:number, keptForS:number, indexed:number, keyed:number, comingMs:number
Returns: { 'admitted', tag }, { 'known', id }, { 'full', excess }, { 'too_many', oldest, open } or { 'spent', '' }
]]
--include mend
--include next_tag
local function body()
  local known = keyed == 1 and redis.call('GET', dedup)
  if known then return { 'known', known } end

  redis.call('ZREMRANGEBYSCORE', coming, '-inf', now - comingMs)
  local depth = redis.call('LLEN', wait) + redis.call('ZCARD', prioritized) + redis.call('ZCARD', delayed) + redis.call('ZCARD', coming)
  if depth >= maxDepth then return { 'full', depth - maxDepth + 1 } end
  if maxTokens > 0 and (tonumber(redis.call('GET', spent) or 0) or 0) >= maxTokens then return { 'spent', '' } end

  if redis.call('ZCARD', open) >= maxOpen then
    local entries = redis.call('ZRANGE', open, 0, -1, 'WITHSCORES')
    for i = 1, #entries, 2 do
      local record = redis.pcall('HMGET', jobs .. entries[i], 'name', 'finishedOn')
      local gone = not record[1] and now - tonumber(entries[i + 1]) > comingMs
      local ended = record[2] and not redis.call('ZSCORE', coming, entries[i]) -- else it is about to be retried
      if gone or ended then redis.call('ZREM', open, entries[i]) end
    end
    if redis.call('ZCARD', open) >= maxOpen then return { 'too_many', redis.call('ZRANGE', open, 0, 0)[1], redis.call('ZCARD', open) } end
  end

  redis.call('ZADD', open, now, id)
  redis.call('EXPIRE', open, keptForS)
  if indexed == 1 then
    redis.call('ZADD', index, now, id)
    redis.call('EXPIRE', index, keptForS)
  end
  if cancelAt > 0 then redis.call('ZADD', deadlines, cancelAt, id) end
  local tag = nextTag(tenant, weight)
  redis.call('ZADD', coming, now, id)
  return { 'admitted', tag }
end

local done, reply = pcall(body)
if done then return reply end
-- a structure of ours of another type is begun anew
for key, wanted in pairs({ [open] = 'zset', [index] = 'zset', [deadlines] = 'zset', [spent] = 'string', [turns] = 'zset', [coming] = 'zset' }) do
  mend(key, wanted)
end
return body()
