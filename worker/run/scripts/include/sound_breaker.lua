-- a breaker that is no hash, holds no numbers or is open for longer than any can be is begun anew: it must not hold back all jobs
mend(breaker, 'hash')
local numbers = redis.call('HMGET', breaker, 'until', 'probing', 'held', 'failures', 'opened')
for i = 1, 5 do
  local value = numbers[i]
  if value and not (#value < 16 and string.find(value, '^%d+$') and tonumber(value) <= now + 3600000) then
    redis.call('DEL', breaker)
    break
  end
end
