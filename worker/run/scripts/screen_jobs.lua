--[[
Finds jobs that workers can not take up, move or remove. BullMQ works on many jobs in one script, and a record of another type
fails the script half-way: of the delayed jobs that are due at once some would get lost, and no job could be completed while an ended
one is to be removed for its age. So these are taken out before. Of active jobs that nobody else runs (a lock begins with one of `mine`,
which has commas between them, or there is none) it returns those whose record has no name or counts that are no numbers (BullMQ can't take them up), and those whose
texts are still to be read. Last come jobs that ran here: one that is nowhere now was to be moved by a script that failed, and would
wait for ever.
Delayed jobs are looked at that are due within `aheadMs`; BullMQ keeps a counter in the low 12 bits of their scores. `head`: how many entries of a set are, at most. The rest are the ids of
the jobs that ran here.
KEYS: jobs, completed, failed
ARGV: queues, mine, aheadMs:number, head:number, ...
Returns: { jobs that can't be read, active jobs whose texts are to be read }, each a list of { id, lock }
]]
--include clock
--include queues
local dueBy = string.format('%.0f', (now + aheadMs) * 0x1000)
local function isOther(id)
  local type = redis.call('TYPE', jobs .. id).ok
  return type ~= 'hash' and type ~= 'none'
end
local function isMine(lock)
  for begins in string.gmatch(mine, '[^,]+') do
    if string.sub(lock, 1, #begins) == begins then return true end
  end
  return lock == ''
end
local function isCount(value) return not value or (#value < 16 and string.find(value, '^%-?%d+$')) end

local bad, unread = {}, {}
for queue in string.gmatch(queues, '[^,]+') do
  for _, id in ipairs(redis.call('LRANGE', queue .. 'active', 0, -1)) do
    local lock = redis.pcall('GET', jobs .. id .. ':lock')
    local held = type(lock) == 'string' and lock or ''
    if isMine(held) then
      local fields = redis.pcall('HMGET', jobs .. id, 'name', 'ats', 'atm', 'stc')
      if fields.err or not fields[1] or not (isCount(fields[2]) and isCount(fields[3]) and isCount(fields[4])) then bad[#bad + 1] = { id, held }
      else unread[#unread + 1] = { id, held } end
    end
  end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', queue .. 'delayed', '-inf', dueBy, 'LIMIT', 0, head)) do
    if isOther(id) then bad[#bad + 1] = { id, '' } end
  end
end
for _, set in ipairs({ completed, failed }) do
  for _, id in ipairs(redis.call('ZRANGE', set, 0, head - 1)) do
    if isOther(id) then
      redis.call('ZREM', set, id)
      redis.call('DEL', jobs .. id)
    end
  end
end
for i = rest, #ARGV do
  local id = ARGV[i]
  local somewhere = redis.call('ZSCORE', completed, id) or redis.call('ZSCORE', failed, id)
  for _, queue in ipairs(queuesOf(id)) do
    somewhere = somewhere or redis.call('ZSCORE', queue .. 'delayed', id) or redis.call('ZSCORE', queue .. 'prioritized', id)
      or redis.call('LPOS', queue .. 'active', id) or redis.call('LPOS', queue .. 'wait', id)
  end
  if not somewhere and redis.call('EXISTS', jobs .. id) == 1 then bad[#bad + 1] = { id, '' } end
end
return { bad, unread }
