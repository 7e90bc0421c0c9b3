--[[
Notes that Redis takes writes now. If nobody could note that for longer than `gapMs`, locks may have expired though their runs go on: then no
worker checks for stalled jobs for `holdMs`, so that the runs can take their locks back. BullMQ's own key in each of the `queues` makes the
check wait: what their keys begin with, with commas between.
KEYS: writes
ARGV: queues, gapMs:number, holdMs:number, keptMs:number
Returns: 1 if there was a gap; 0 if not
]]
--include clock
local last = redis.pcall('GET', writes)
last = type(last) == 'string' and tonumber(last) or -1
redis.call('SET', writes, string.format('%.0f', now), 'PX', keptMs)
if last <= now and now - last <= gapMs then return 0 end
for queue in string.gmatch(queues, '[^,]+') do
  local check = queue .. 'stalled-check'
  if redis.call('PTTL', check) < holdMs then redis.call('SET', check, now, 'PX', holdMs) end
end
return 1
