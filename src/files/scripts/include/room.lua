-- noRoom(entry, more) looks for room for so many bytes more of a job's files. It returns nil where there is, and else the reply
-- { 'full', 'all' or 'own', ms until enough has gone or -1, 1 if unfinished jobs hold enough }.
-- Expects arguments: maxTotal, maxEach; keys: ledger, due, used; and clock, ledger
local function whoseIsFull(tenant, more)
  if usedBy('*') + more > maxTotal then return 'all' end
  if usedBy(tenant) + more > maxEach then return 'own' end
end
local function recount()
  local counted = tonumber(redis.call('HGET', used, '@') or '') or 0
  if counted <= now and now - counted < 10000 then return end
  redis.call('DEL', used)
  for _, owner in ipairs(redis.call('HKEYS', ledger)) do
    local other = entryOf(owner)
    if other then count(other.tenant, sizeOf(other, ANY)) else saveEntry(owner, nil) end
  end
  redis.call('HSET', used, '@', string.format('%.0f', now))
end
local function noRoom(entry, more)
  if more <= 0 then return nil end
  local whose = whoseIsFull(entry.tenant, more)
  if whose then
    recount()
    whose = whoseIsFull(entry.tenant, more)
  end
  if not whose then return nil end
  local needed = whose == 'all' and usedBy('*') + more - maxTotal or usedBy(entry.tenant) + more - maxEach
  local freed, open, freeIn = 0, 0, -1
  local jobs = redis.call('ZRANGE', due, 0, 999, 'WITHSCORES')
  for i = 1, #jobs, 2 do
    local other = entryOf(jobs[i])
    if other and (whose == 'all' or other.tenant == entry.tenant) then
      if other.open then open = open + (other.next or 0)
      else
        freed = freed + (other.next or 0)
        if freed >= needed and freeIn < 0 then freeIn = math.max(math.ceil(jobs[i + 1] - now), 0) end
      end
    end
  end
  return { 'full', whose, freeIn, open >= needed and 1 or 0 }
end
