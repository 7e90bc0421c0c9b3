--[[
Decides whether there is a place for each of several jobs. If so, the job takes the place: it is among its tenant's open jobs, in its
user's index and in the deadlines. A job under a known key takes nothing. A tenant's rate is a counter that ends with its window.
A tenant's open jobs are counted by looking which have ended, and only once the bound is reached: there is no count that a crash could
leave wrong. A job can lead to another one, its child: the child's place is taken here, too, and kept as long as its parent can still
make it. A child that is now to be added uses the place that was kept.
A job is admitted while what its tenant has spent of a day's budget, with what is reserved for jobs that have not ended, is below it.
Its own estimate, and its child's, are then reserved on this day. What it has used already is not counted twice. Which reserved jobs have
ended is looked up only once a budget is reached.
A deadline counts from now; a child has its parent's.
Jobs that are to be archived are noted in the outbox here, and those whose end is notified of in `notifyOutbox`, so that no end is missed,
whoever ends them; children are archived where their parent is.
A job that comes with its payload (`data`) is added in the same step. A job without payload counts as on its way until its caller has
added it (add_admitted). `lane` is where the job is to wait ('' for the queue that all kinds share); its tag is one of that lane's.
`lanes`: all lanes there are, with a space after each, so that what follows the last one is the queue that all kinds share.
What an operator has set for a tenant is read here, too: it may be blocked, and have a weight and a bound of its own.
What is the same for all jobs is read and written once. Keys of tenants, users and jobs are made of their beginnings.
CONSTANTS: deadlines, turns, lanes, users, coming, children, outbox, notifyOutbox, events, meta, counter, jobs, dedupPrefix, openPrefix, indexPrefix, ratePrefix, maxDepth, maxOpen, maxTokens, maxBillionths, maxRate, rateMs, keptForS, comingMs, archived, lookMs, weight, options
KEYS: spentPrefix, spentUsdPrefix, reservedPrefix
ARGV:
EACH KEYS:
EACH ARGV: id, name, data, lane, tenant, owner, key, keyMs, parent, child, cancelAfterMs:number, startWithinMs:number, bounded:number, notifies:number, estimate
Returns: a list of { 'blocked', why as JSON, 0 }, { 'admitted', tag, 0 }, { 'known', id, 0 }, { 'limited', '', 0 }, { 'full', excess, 0 }, { 'too_many', oldest, open } or
{ 'spent', what, the oldest open job if the budget is only reserved, else 0 }, each with how many the tenant has used of its rate, the ms until the window ends, and now; an error for a job whose keys can't be used
Writes: data, deid, delay, name, opts, priority, timestamp
]]
--include clock
--include mend
--include queues
--include next_tag
--include add_job
local depth
local anyTerms -- whether an operator has set anything for a user
local kept -- how many fields `children` has
local taken = {} -- the jobs of this call that were admitted
local function countComing()
  local count = redis.call('ZCARD', coming)
  if count > 0 then count = count - redis.call('ZREMRANGEBYSCORE', coming, '-inf', now - comingMs) end
  return count
end
-- How many jobs wait in all lanes and in the queue that all kinds share. Most of these keys are not there most of the time: so it is first
-- asked how many are, and then only until they are found. What operators have set for users is asked for along with them.
local function countWaiting()
  local keys = {}
  for name in string.gmatch(lanes .. ' ', '(%S*) ') do
    for _, set in ipairs({ 'prioritized', 'delayed', 'wait' }) do keys[#keys + 1] = queueIn(name) .. set end
  end
  local left, count = redis.call('EXISTS', users, unpack(keys)), 0
  for n = 1, #keys do
    if left == 0 then break end
    local length = redis.call(n % 3 == 0 and 'LLEN' or 'ZCARD', keys[n])
    if length > 0 then left = left - 1 end
    count = count + length
  end
  anyTerms = left > 0
  return count
end
local function begin()
  local count = countComing() + countWaiting()
  kept = redis.call('HLEN', children)
  if kept > 0 then count = count + kept - redis.call('HEXISTS', children, '*') end
  depth = count -- last: where a key has to be mended, all this is done again
end
-- The turns of a lane, and its virtual time: jobs of this call do not begin.
local times = {}
local function timeOf(lane)
  local ofLane = lane == '' and turns or turns .. ':' .. lane
  times[lane] = times[lane] or virtualTime(queueIn(lane), ofLane)
  return ofLane, times[lane]
end

--include open_jobs
--include user_terms
--include reserved
--include budget
local RESERVED_S = 48 * 3600 -- as long as what is spent on a day

-- the keys of the entry's tenant and user, and what the tenant has used of its rate
local open, index, spent, spentUsd, rate, reserved, used, resetMs

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

local function keepEstimateOf(job, tokens, billionths)
  local usedTokens, usedBillionths = 0, 0
  if data == '' then usedTokens, usedBillionths = usageOf(job) end -- a new job has used nothing
  local isFirst = reserve(reserved, job, tokens, billionths, string.format('%.0f %.0f %.0f', usedTokens, usedBillionths, now))
  if isFirst then redis.call('EXPIRE', reserved, RESERVED_S) end
  local left = reckoned[reserved]
  if left then reckoned[reserved] = { left[1] + tokens, left[2] + billionths } end
end
local function keepEstimate()
  local tokens, billionths, nextTokens, nextBillionths = string.match(estimate, '^(%d+) (%d+) (%d+) (%d+)$')
  if not tokens then return end
  keepEstimateOf(id, tokens, billionths)
  if hasChildToCome() then keepEstimateOf(child, nextTokens, nextBillionths) end
end

local added = {} -- the jobs that are to wait, by lane
local function add(tag)
  local job = { id = id, name = name, tag = tag, at = now, key = key, keyMs = keyMs }
  redis.call('HSET', jobs .. id, 'name', name, 'data', data, 'opts', announceJob(job), 'timestamp', job.at, 'delay', 0, 'priority', job.tag)
  if key ~= '' then redis.call('HSET', jobs .. id, 'deid', key) end
  added[lane] = added[lane] or {}
  table.insert(added[lane], job)
end

local function decide()
  local isBlocked, ownWeight, ownMost, why
  -- it was abandoned before it came
  if data ~= '' and redis.call('EXISTS', jobs .. id) == 1 then return 'known', id end
  local known = key ~= '' and redis.call('GET', dedupPrefix .. key)
  if known then
    if maxRate > 0 then used = tonumber(redis.call('GET', rate) or 0) end
    if used > 0 then resetMs = math.max(redis.call('PTTL', rate), 0) end
    return 'known', known
  end
  if bounded == 1 then
    if maxRate > 0 and not takeRate() then return 'limited', '' end
    if not depth then begin() end
    if anyTerms then isBlocked, ownWeight, ownMost, why = termsOf(tenant) end
    if isBlocked then return 'blocked', why end
    local places = hasChildToCome() and 2 or 1 -- at the least bound, 1, a child comes after its parent all the same
    if depth + math.min(places, maxDepth) > maxDepth then sweepChildren() end
    if depth + math.min(places, maxDepth) > maxDepth then return 'full', depth - maxDepth + places end
    local budget, isReserved = budgetWithoutRoom(spent, spentUsd, reserved)
    if budget then return 'spent', budget, isReserved and redis.call('ZRANGE', open, 0, 0)[1] end
    local most = ownMost or maxOpen
    places = math.min(places, most)
    local count = countOpen(open, places, most)
    if count + places > most then return 'too_many', redis.call('ZRANGE', open, 0, 0)[1], count end
  else
    if not depth then begin() end
    if anyTerms then isBlocked, ownWeight = termsOf(tenant) end
  end

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
  if owner ~= '' then
    redis.call('ZADD', index, now, id)
    redis.call('ZREMRANGEBYSCORE', index, '-inf', now - keptForS * 1000) -- jobs that are gone: a user who never lists keeps no more
    redis.call('EXPIRE', index, keptForS)
  end
  local cancelAt = cancelAfterMs > 0 and now + cancelAfterMs or parent ~= '' and redis.call('ZSCORE', deadlines, parent)
  if cancelAt then redis.call('ZADD', deadlines, cancelAt, id) end
  if startWithinMs > 0 then redis.call('ZADD', deadlines, now + startWithinMs, 'start ' .. id) end
  local ofLane, time = timeOf(lane)
  local tag = nextTag(ofLane, time, tenant, ownWeight or weight)
  if data ~= '' then add(tag) end
  return 'admitted', tag
end

-- A structure of ours that became something else is begun anew.
local function mendKeys()
  for _, key in ipairs({ open, index, deadlines, lane == '' and turns or turns .. ':' .. lane, coming, outbox, notifyOutbox }) do mend(key, 'zset') end
  for _, key in ipairs({ spent, spentUsd, rate }) do mend(key, 'string') end
  for _, key in ipairs({ children, reserved, users }) do mend(key, 'hash') end
  if not tonumber(redis.call('HGET', children, '*') or 0) then redis.call('HDEL', children, '*') end
  if not tonumber(redis.call('GET', rate) or 0) then redis.call('DEL', rate) end
end

local replies, toCome = {}, {}
--each
  open, index, rate, reserved = openPrefix .. tenant, indexPrefix .. owner, ratePrefix .. tenant, reservedPrefix .. tenant
  spent, spentUsd = spentPrefix .. tenant, spentUsdPrefix .. tenant
  used, resetMs = 0, rateMs
  local done, result, value, count = pcall(decide)
  if not done then
    mendKeys()
    done, result, value, count = pcall(decide)
  end
  if not done then
    replies[entry] = redis.error_reply(type(result) == 'table' and result.err or result)
  else
    replies[entry] = { result, value, count or 0, used, resetMs, now }
    if result == 'admitted' then
      depth = depth + 1
      taken[id] = true
      if data == '' then
        toCome[#toCome + 1] = now
        toCome[#toCome + 1] = id
      end
    end
  end
end
for inLane, ones in pairs(added) do letWait(inLane, ones) end
if #toCome > 0 then redis.call('ZADD', coming, unpack(toCome)) end
return replies
