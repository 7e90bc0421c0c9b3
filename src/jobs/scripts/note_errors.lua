--[[
Counts errors of jobs in a minute, by group. A minute takes `maxGroups` groups; what is of a further one counts for its rest, which is a
group with fewer parts. Each group has an example, which stands in `examples` by a place, and the group holds the place: so a job that is
erased goes from one key. One whose record is gone is no example, whenever a worker notes it.
KEYS: errors, examples
ARGV: maxGroups:number, keptMs:number
EACH KEYS: job
EACH ARGV: group, groupRest, count, example
Returns: nothing
]]
--include clock
--include mend
mend(errors, 'hash')
mend(examples, 'zset')
redis.call('ZREMRANGEBYSCORE', examples, '-inf', (now - keptMs) * 1000)
local last = redis.call('ZRANGE', examples, -1, -1, 'WITHSCORES')[2]
local place = math.max(now * 1000, tonumber(last or '') or 0)
--each
  local name = group
  if redis.call('HEXISTS', errors, 'n' .. name) == 0 and redis.call('HLEN', errors) >= 2 * maxGroups then name = groupRest end
  redis.call('HINCRBY', errors, 'n' .. name, count)
  local held = tonumber(redis.call('HGET', errors, 'e' .. name) or '')
  local isThere = held and #redis.call('ZRANGE', examples, held, held, 'BYSCORE') > 0
  if not isThere and redis.call('EXISTS', job) == 1 then
    local own = redis.call('ZSCORE', examples, example)
    if not own then
      place = place + 1
      own = string.format('%.0f', place)
      redis.call('ZADD', examples, own, example)
    end
    redis.call('HSET', errors, 'e' .. name, own)
  end
end
redis.call('PEXPIRE', errors, keptMs)
redis.call('PEXPIRE', examples, keptMs)
