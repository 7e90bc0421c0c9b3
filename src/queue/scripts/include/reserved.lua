-- What is reserved of a tenant's budgets of a day, in a hash: for each job 'tokens billionths used-tokens used-billionths since' (what it
-- had used before, and when it was admitted), and the sums '*tokens' and '*billionths'. Of a job that has ended the entry stays until it
-- is looked for, so a sum is never too low, and nothing has to be counted down when a job ends or a process dies.
-- reservedOf(reserved) returns the sums; setSums(reserved, tokens, billionths) sets them;
-- reserve(reserved, id, tokens, billionths, rest) replaces an entry, and release(reserved, id) removes it
local function toCount(text) return tonumber(text or '') or 0 end
local function reservedOf(reserved)
  local sums = redis.call('HMGET', reserved, '*tokens', '*billionths')
  return toCount(sums[1]), toCount(sums[2])
end
local function setSums(reserved, tokens, billionths)
  local function whole(value) return string.format('%.0f', math.max(value, 0)) end
  redis.call('HSET', reserved, '*tokens', whole(tokens), '*billionths', whole(billionths))
end
local function release(reserved, id)
  local entry = redis.call('HGET', reserved, id)
  if not entry then return end
  local tokens, billionths = string.match(entry, '^(%d+) (%d+) ')
  local allTokens, allBillionths = reservedOf(reserved)
  redis.call('HDEL', reserved, id)
  setSums(reserved, allTokens - toCount(tokens), allBillionths - toCount(billionths))
end
local function reserve(reserved, id, tokens, billionths, rest)
  release(reserved, id)
  local allTokens, allBillionths = reservedOf(reserved)
  redis.call('HSET', reserved, id, tokens .. ' ' .. billionths .. ' ' .. rest)
  setSums(reserved, allTokens + tokens, allBillionths + billionths)
end
