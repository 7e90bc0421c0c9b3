-- Whether a tenant's budgets of a day have room beside what is reserved. Expects the include `reserved`, hasEnded(id, since), isComing(id), the
-- key jobs, and maxTokens and maxBillionths (0 for none)

-- What a job has used so far, over all its attempts: tokens and billionths of a US dollar.
local function usageOf(id)
  local text = redis.pcall('HGET', jobs .. id, FIELDS.usage)
  local read, usage = pcall(cjson.decode, type(text) == 'string' and text or '')
  if not read or type(usage) ~= 'table' then return 0, 0 end
  return toCount(usage.inputTokens) + toCount(usage.outputTokens), toCount(usage.costUsd) * 1e9
end

-- What is reserved for jobs that have not ended, without what they have used of it. Reservations of the others are given up.
local reckoned = {} -- by `reserved`: a job does not end while this runs
local function reckon(reserved)
  if reckoned[reserved] then return unpack(reckoned[reserved]) end
  local left, sums = { 0, 0 }, { 0, 0 }
  local entries = redis.call('HGETALL', reserved)
  for i = 1, #entries, 2 do
    local id = entries[i]
    local tokens, billionths, usedTokens, usedBillionths, since = string.match(entries[i + 1], '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
    if string.sub(id, 1, 1) == '*' then -- a sum
    elseif not since or hasEnded(id, toCount(since)) and not isComing(id) then redis.call('HDEL', reserved, id)
    else
      local nowTokens, nowBillionths = usageOf(id)
      sums = { sums[1] + tokens, sums[2] + billionths }
      left[1] = left[1] + math.max(tokens - math.max(nowTokens - usedTokens, 0), 0)
      left[2] = left[2] + math.max(billionths - math.max(nowBillionths - usedBillionths, 0), 0)
    end
  end
  setSums(reserved, sums[1], sums[2])
  reckoned[reserved] = left
  return unpack(left)
end

-- Which budget of the day has no room, and whether only because of what is reserved.
local function budgetWithoutRoom(spent, spentUsd, reserved)
  if maxTokens == 0 and maxBillionths == 0 then return end
  local tokens = maxTokens > 0 and toCount(redis.call('GET', spent)) or 0
  local billionths = maxBillionths > 0 and toCount(redis.call('GET', spentUsd)) or 0
  local function without(heldTokens, heldBillionths)
    if maxTokens > 0 and tokens + heldTokens >= maxTokens then return 'tokens' end
    if maxBillionths > 0 and billionths + heldBillionths >= maxBillionths then return 'usd' end
  end
  local what = without(0, 0)
  if what then return what, false end
  if without(reservedOf(reserved)) then return without(reckon(reserved)), true end
end
