-- What is reserved of a tenant's budgets of a day, in a hash: for each job 'tokens billionths used-tokens used-billionths since' (what it
-- had used before, and when it was admitted), and the sums '*tokens' and '*billionths'. Of a job that has ended the entry stays until it
-- is looked for, so a sum is never too low, and nothing has to be counted down when a job ends or a process dies.
-- reservedOf(reserved) returns the sums; setSums(reserved, tokens, billionths) sets them;
-- reserve(reserved, id, tokens, billionths, rest) replaces an entry and returns whether it is the first; release(reserved, id) removes one
local function toCount(text) return tonumber(text or '') or 0 end
local function reservedOf(reserved)
  local sums = redis.call('HMGET', reserved, '*tokens', '*billionths')
  return toCount(sums[1]), toCount(sums[2])
end
local function wholeSum(value) return string.format('%.0f', math.max(value, 0)) end
local function setSums(reserved, tokens, billionths)
  redis.call('HSET', reserved, '*tokens', wholeSum(tokens), '*billionths', wholeSum(billionths))
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
  local held = redis.call('HMGET', reserved, '*tokens', '*billionths', id)
  local heldTokens, heldBillionths = string.match(held[3] or '', '^(%d+) (%d+) ')
  local allTokens = toCount(held[1]) - toCount(heldTokens) + tokens
  local allBillionths = toCount(held[2]) - toCount(heldBillionths) + billionths
  local entry = tokens .. ' ' .. billionths .. ' ' .. rest
  return redis.call('HSET', reserved, id, entry, '*tokens', wholeSum(allTokens), '*billionths', wholeSum(allBillionths)) == 3
end
