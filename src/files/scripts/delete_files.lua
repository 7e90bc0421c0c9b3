--[[
Deletes a job's input files and what its handler kept (`which` is 'inputs'), or all of its files ('all').
KEYS: ledger, due, used, files
ARGV: id, which
Returns: nothing
]]
--include ledger
local entry = entryOf(id)
if not entry then return end
local at = redis.call('ZSCORE', due, id) or 0
entry = removeFiles(id, entry, which == 'all' and ANY or INPUTS)
if entry then entry.next = 0 end
saveEntry(id, entry, at)
