-- Start tags, which are BullMQ priorities: start-time fair queueing (Goyal, Vin and Cheng, 1996). A tag is one more than the virtual
-- time, or than the tenant's last tag if that is higher. virtualTime() returns the highest tag that was ever served, or stands at the
-- head of what waits (a score there is the priority times 2^32 plus a counter). Once nothing waits, runs, is put off or on its way, all
-- start over. nextTag(time, tenant, weight) takes a tenant's next tag. Expects keys: turns, prioritized, wait, delayed, active, coming
local MAX_TAG = 2097151 -- the lowest priority that BullMQ takes; jobs past it keep the order they came in
local function virtualTime()
  local head = redis.call('ZRANGE', prioritized, 0, 0, 'WITHSCORES')[2]
  if not head and redis.call('EXISTS', wait, delayed, active, coming) == 0 then redis.call('DEL', turns) end
  local last = tonumber(redis.call('ZSCORE', turns, '*') or -1)
  local time = math.max(math.floor((head or 0) / 0x100000000), last)
  if time > last then
    redis.call('ZREMRANGEBYSCORE', turns, '-inf', time)
    redis.call('ZADD', turns, time, '*')
  end
  return time
end
local function nextTag(time, tenant, weight)
  local start = math.max(time, tonumber(redis.call('ZSCORE', turns, tenant) or 0))
  redis.call('ZADD', turns, start + 1 / weight, tenant)
  return math.min(math.floor(start) + 1, MAX_TAG)
end
