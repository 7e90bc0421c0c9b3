-- termsOf(tenant) returns what an operator has set for a tenant: whether it is blocked, its weight and how many open jobs it may have (nil
-- where that is as for others), and why, as JSON. An entry is 'until blocked weight maxJobs since detail'. Expects the key users and now
local function termsOf(tenant)
  local entry = redis.call('HGET', users, tenant)
  local ends, blocked, weight, most, detail = string.match(entry or '', '^(%d+) ([01]) ([%d.]+) (%d+) %d+ (.*)$')
  if not ends or (tonumber(ends) > 0 and tonumber(ends) <= now) then return false end
  local function given(number) return number and number > 0 and number or nil end
  return blocked == '1', given(tonumber(weight)), given(tonumber(most)), detail
end
