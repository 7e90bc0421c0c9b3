--[[
Decides whether there is a place for each of several jobs. If so, the job takes the place: it is among its tenant's open jobs, in its
user's index and in the deadlines, and counts as on its way until it has been added. A job under a known key takes nothing. A tenant's
rate is a counter that ends with its window. A tenant's open jobs are counted by looking which have ended, and only once
the bound is reached: there is no count that a crash could leave wrong. What is the same for all jobs is read once.
KEYS: wait, delayed, deadlines, turns, prioritized, active, coming, jobs
ARGV: now:number, maxDepth:number, maxOpen:number, maxTokens:number, maxRate:number, rateMs:number, keptForS:number, comingMs:number
EACH KEYS: dedup, open, index, spent, rate
EACH ARGV: id, tenant, weight:number, cancelAt:number, indexed:number, keyed:number, bounded:number
Returns: a list of { 'admitted', tag, 0 }, { 'known', id, 0 }, { 'limited', '', 0 }, { 'full', excess, 0 }, { 'too_many', oldest, open } or
{ 'spent', '', 0 }, each with how many the tenant has used of its rate, and the ms until the window ends; an error for a job whose keys can't be used
]]
--include mend
--include next_tag
local time, depth
local taken = {} -- the jobs of this call that were admitted
local function begin()
  redis.call('ZREMRANGEBYSCORE', coming, '-inf', now - comingMs)
  depth = redis.call('LLEN', wait) + redis.call('ZCARD', prioritized) + redis.call('ZCARD', delayed) + redis.call('ZCARD', coming)
  time = virtualTime()
end

local function hasEnded(entry, since)
  local record = redis.pcall('HMGET', jobs .. entry, 'name', 'finishedOn')
  if not record[1] then return now - since > comingMs end
  return record[2] and not taken[entry] and not redis.call('ZSCORE', coming, entry) -- else it is about to be retried
end

local function countOpen(open)
  local count = redis.call('ZCARD', open)
  if count < maxOpen then return count end
  local entries = redis.call('ZRANGE', open, 0, -1, 'WITHSCORES')
  for i = 1, #entries, 2 do
    if hasEnded(entries[i], tonumber(entries[i + 1])) then redis.call('ZREM', open, entries[i]) end
  end
  return redis.call('ZCARD', open)
end

local replies, admitted = {}, {}
--each
  local used, resetMs = 0, rateMs

  local function takeRate()
    used = redis.call('INCR', rate)
    resetMs = used > 1 and redis.call('PTTL', rate) or -1
    if resetMs < 0 then
      redis.call('PEXPIRE', rate, rateMs)
      resetMs = rateMs
    end
    return used <= maxRate
  end

  local function decide()
    local known = keyed == 1 and redis.call('GET', dedup)
    if known then
      if maxRate > 0 then used = tonumber(redis.call('GET', rate) or 0) end
      if used > 0 then resetMs = math.max(redis.call('PTTL', rate), 0) end
      return 'known', known
    end
    if bounded == 1 then
      if maxRate > 0 and not takeRate() then return 'limited', '' end
      if not time then begin() end
      if depth >= maxDepth then return 'full', depth - maxDepth + 1 end
      if maxTokens > 0 and (tonumber(redis.call('GET', spent) or 0) or 0) >= maxTokens then return 'spent', '' end
      local count = countOpen(open)
      if count >= maxOpen then return 'too_many', redis.call('ZRANGE', open, 0, 0)[1], count end
    elseif not time then begin() end

    redis.call('ZADD', open, now, id)
    redis.call('EXPIRE', open, keptForS)
    if indexed == 1 then
      redis.call('ZADD', index, now, id)
      redis.call('ZREMRANGEBYSCORE', index, '-inf', now - keptForS * 1000) -- jobs that are gone: a user who never lists keeps no more
      redis.call('EXPIRE', index, keptForS)
    end
    if cancelAt > 0 then redis.call('ZADD', deadlines, cancelAt, id) end
    return 'admitted', nextTag(time, tenant, weight)
  end

  local done, result, value, count = pcall(decide)
  if not done then
    -- a structure of ours that became something else is begun anew
    for _, key in ipairs({ open, index, deadlines, turns, coming }) do mend(key, 'zset') end
    for _, key in ipairs({ spent, rate }) do mend(key, 'string') end
    if not tonumber(redis.call('GET', rate) or 0) then redis.call('DEL', rate) end
    done, result, value, count = pcall(decide)
  end
  if not done then
    replies[entry] = redis.error_reply(type(result) == 'table' and result.err or result)
  else
    replies[entry] = { result, value, count or 0, used, resetMs }
    if result == 'admitted' then
      depth = depth + 1
      taken[id] = true
      admitted[#admitted + 1] = now
      admitted[#admitted + 1] = id
    end
  end
end
if #admitted > 0 then redis.call('ZADD', coming, unpack(admitted)) end
return replies
