-- Start tags, which are BullMQ priorities: start-time fair queueing (Goyal, Vin and Cheng, 1996). Each lane has its own. A tag is one more
-- than the virtual time, or than the tenant's last tag if that is higher. virtualTime(queue, turns) returns the highest tag that was ever
-- served, or stands at the head of what waits (a score there is the priority times 2^32 plus a counter). Once nothing waits, runs, is put
-- off or on its way, all start over. nextTag(turns, time, tenant, weight) takes a tenant's next tag.
-- `queue` is what the keys of the lane begin with, `turns` the lane's turns. Expects the key coming
local MAX_TAG = 2097151 -- the lowest priority that BullMQ takes; jobs past it keep the order they came in
local function virtualTime(queue, turns)
  local head = redis.call('ZRANGE', queue .. 'prioritized', 0, 0, 'WITHSCORES')[2]
  if not head and redis.call('EXISTS', queue .. 'wait', queue .. 'delayed', queue .. 'active', coming) == 0 then redis.call('DEL', turns) end
  local last = tonumber(redis.call('ZSCORE', turns, '*') or -1)
  local time = math.max(math.floor((head or 0) / 0x100000000), last)
  if time > last then
    redis.call('ZREMRANGEBYSCORE', turns, '-inf', time)
    redis.call('ZADD', turns, time, '*')
  end
  return time
end
local function nextTag(turns, time, tenant, weight)
  local start = math.max(time, tonumber(redis.call('ZSCORE', turns, tenant) or 0))
  redis.call('ZADD', turns, start + 1 / weight, tenant)
  return math.min(math.floor(start) + 1, MAX_TAG)
end
