--[[
Decides whether there is a place for each of several jobs. If so, the job takes the place: it is among its tenant's open jobs, in its
user's index and in the deadlines, and counts as on its way until it has been added. A job under a known key takes nothing. A tenant's
rate is a counter that ends with its window. A tenant's open jobs are counted by looking which have ended, and only once
the bound is reached: there is no count that a crash could leave wrong. A job can lead to another one, its child: the child's place is
taken here, too, and kept as long as its parent can still make it. A child that is now to be added uses the place that was kept.
A job is admitted while what its tenant has spent of a day's budget, with what is reserved for jobs that have not ended, is below it.
Its own estimate, and its child's, are then reserved on this day. What it has used already is not counted twice. Which reserved jobs have
ended is looked up only once a budget is reached.
A deadline counts from now; a child has its parent's.
Jobs that are to be archived are noted in the outbox here, and those whose end is notified of in `notifyOutbox`, so that no end is missed,
whoever ends them; children are archived where their parent is.
What is the same for all jobs is read once.
KEYS: wait, delayed, deadlines, turns, prioritized, active, coming, children, outbox, notifyOutbox, jobs
ARGV: maxDepth:number, maxOpen:number, maxTokens:number, maxBillionths:number, maxRate:number, rateMs:number, keptForS:number, comingMs:number, archived:number, lookMs:number
EACH KEYS: dedup, open, index, spent, spentUsd, rate, reserved
EACH ARGV: id, parent, child, tenant, weight:number, cancelAfterMs:number, startWithinMs:number, indexed:number, keyed:number, bounded:number, notifies:number, estimate
Returns: a list of { 'admitted', tag, 0 }, { 'known', id, 0 }, { 'limited', '', 0 }, { 'full', excess, 0 }, { 'too_many', oldest, open } or
{ 'spent', what, the oldest open job if the budget is only reserved, else 0 }, each with how many the tenant has used of its rate, the ms until the window ends, and now; an error for a job whose keys can't be used
]]
--include clock
--include mend
--include next_tag
local time, depth
local kept -- how many fields `children` has
local taken = {} -- the jobs of this call that were admitted
local function begin()
  redis.call('ZREMRANGEBYSCORE', coming, '-inf', now - comingMs)
  depth = redis.call('LLEN', wait) + redis.call('ZCARD', prioritized) + redis.call('ZCARD', delayed) + redis.call('ZCARD', coming)
  kept = redis.call('HLEN', children)
  if kept > 0 then depth = depth + kept - redis.call('HEXISTS', children, '*') end
  time = virtualTime()
end

local function isComing(entry) return taken[entry] or redis.call('ZSCORE', coming, entry) end
local function canMakeChild(parent)
  local record = redis.pcall('HMGET', jobs .. parent, 'name', 'finishedOn')
  return record[1] and not record[2] or isComing(parent)
end
local function hasEnded(entry, since)
  local record = redis.pcall('HMGET', jobs .. entry, 'name', 'finishedOn')
  if record[1] then return record[2] and not isComing(entry) end -- else it is about to be retried
  local parent = kept > 0 and redis.call('HGET', children, entry)
  if parent then return not canMakeChild(parent) end
  return now - since > comingMs
end

-- Gives up the places of children that will not come: when the queue seems full, and once a second at most.
local function sweepChildren()
  if kept == 0 or now - tonumber(redis.call('HGET', children, '*') or 0) < 1000 then return end
  redis.call('HSET', children, '*', now)
  local entries = redis.call('HGETALL', children)
  for i = 1, #entries, 2 do
    if entries[i] ~= '*' and not canMakeChild(entries[i + 1]) then depth = depth - redis.call('HDEL', children, entries[i]) end
  end
end

local function countOpen(open, places)
  local count = redis.call('ZCARD', open)
  if count + places <= maxOpen then return count end
  local entries = redis.call('ZRANGE', open, 0, -1, 'WITHSCORES')
  for i = 1, #entries, 2 do
    if hasEnded(entries[i], tonumber(entries[i + 1])) then
      redis.call('ZREM', open, entries[i])
      depth = depth - redis.call('HDEL', children, entries[i])
    end
  end
  return redis.call('ZCARD', open)
end

--include reserved
--include budget
local RESERVED_S = 48 * 3600 -- as long as what is spent on a day

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

  -- A parent that is retried may have made its child before.
  local function hasChildToCome() return child ~= '' and not redis.pcall('HGET', jobs .. id, FIELDS.child) end

  local function keepEstimate()
    local tokens, billionths, nextTokens, nextBillionths = string.match(estimate, '^(%d+) (%d+) (%d+) (%d+)$')
    if not tokens then return end
    local function keep(id, tokens, billionths)
      local usedTokens, usedBillionths = usageOf(id)
      reserve(reserved, id, tokens, billionths, string.format('%.0f %.0f %.0f', usedTokens, usedBillionths, now))
      local left = reckoned[reserved]
      if left then reckoned[reserved] = { left[1] + tokens, left[2] + billionths } end
    end
    keep(id, tokens, billionths)
    if hasChildToCome() then keep(child, nextTokens, nextBillionths) end
    redis.call('EXPIRE', reserved, RESERVED_S)
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
      local places = hasChildToCome() and 2 or 1 -- at the least bound, 1, a child comes after its parent all the same
      if depth + math.min(places, maxDepth) > maxDepth then sweepChildren() end
      if depth + math.min(places, maxDepth) > maxDepth then return 'full', depth - maxDepth + places end
      local budget, isReserved = budgetWithoutRoom(spent, spentUsd, reserved)
      if budget then return 'spent', budget, isReserved and redis.call('ZRANGE', open, 0, 0)[1] end
      places = math.min(places, maxOpen)
      local count = countOpen(open, places)
      if count + places > maxOpen then return 'too_many', redis.call('ZRANGE', open, 0, 0)[1], count end
    elseif not time then begin() end

    local maker = kept > 0 and redis.call('HGET', children, id)
    if maker then depth = depth - redis.call('HDEL', children, id) end -- a child that is added counts by itself now
    if archived == 1 or (maker and redis.call('ZSCORE', outbox, maker)) then redis.call('ZADD', outbox, now + lookMs, id) end
    if notifies == 1 then redis.call('ZADD', notifyOutbox, now + lookMs, id) end
    redis.call('ZADD', open, now, id)
    keepEstimate()
    if hasChildToCome() then
      local new = redis.call('HSET', children, child, id)
      kept, depth = kept + new, depth + new
      redis.call('EXPIRE', children, keptForS)
      redis.call('ZADD', open, now + 1, child)
    end
    redis.call('EXPIRE', open, keptForS)
    if indexed == 1 then
      redis.call('ZADD', index, now, id)
      redis.call('ZREMRANGEBYSCORE', index, '-inf', now - keptForS * 1000) -- jobs that are gone: a user who never lists keeps no more
      redis.call('EXPIRE', index, keptForS)
    end
    local cancelAt = cancelAfterMs > 0 and now + cancelAfterMs or parent ~= '' and redis.call('ZSCORE', deadlines, parent)
    if cancelAt then redis.call('ZADD', deadlines, cancelAt, id) end
    if startWithinMs > 0 then redis.call('ZADD', deadlines, now + startWithinMs, 'start ' .. id) end
    return 'admitted', nextTag(time, tenant, weight)
  end

  local done, result, value, count = pcall(decide)
  if not done then
    -- a structure of ours that became something else is begun anew
    for _, key in ipairs({ open, index, deadlines, turns, coming, outbox, notifyOutbox }) do mend(key, 'zset') end
    for _, key in ipairs({ spent, spentUsd, rate }) do mend(key, 'string') end
    for _, key in ipairs({ children, reserved }) do mend(key, 'hash') end
    if not tonumber(redis.call('HGET', children, '*') or 0) then redis.call('HDEL', children, '*') end
    if not tonumber(redis.call('GET', rate) or 0) then redis.call('DEL', rate) end
    done, result, value, count = pcall(decide)
  end
  if not done then
    replies[entry] = redis.error_reply(type(result) == 'table' and result.err or result)
  else
    replies[entry] = { result, value, count or 0, used, resetMs, now }
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
