--[[
Deletes a job's input files and what its handler kept (`which` is 'inputs'), or all of its files
('all').
KEYS: ledger, due, used, files
ARGV: id, which
Returns: how many files there were
]]
--include mend
--include ledger
local entry = entryOf(id)
if not entry then return 0 end
local at = redis.call('ZSCORE', due, id) or 0
local pattern = which == 'all' and ANY or INPUTS
local there = 0
for name in pairs(entry.files) do
  local isReserved = type(entry.reserved) == 'table' and entry.reserved[name]
  if string.find(name, pattern) and not isReserved then there = there + 1 end
end
entry = removeFiles(id, entry, pattern)
if entry then entry.next = 0 end
saveEntry(id, entry, at)
return there
