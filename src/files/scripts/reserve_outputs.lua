--[[
Reserves room for files that a run is going to make, for all of them or for none, so that what is
paid for can be kept. Only the run that holds the job's lock may. A file that is there needs none.
What is more than a tenant's share is cut to what the job may have of it alone: a job whose estimate
is too high waits until its tenant has nothing else. The rest are names and sizes in bytes, in turn.
KEYS: job, lock, ledger, due, used, files
ARGV: id, tenant, token, graceMs:number, keptMs:number, maxTotal:number, maxEach:number, ...
Returns: { 'reserved' }; { 'lost' }; or that there is no room (see include/room.lua)
]]
--include clock
--include mend
--include ledger
--include room
if redis.call('GET', lock) ~= token or redis.call('HGET', job, 'finishedOn') then return { 'lost' } end
local entry = entryOf(id) or { tenant = tenant, files = {} }
local keyOf = function(name) return files .. id .. ':' .. name end
local wanted, sum = {}, 0
for i = rest, #ARGV, 2 do
  local name = ARGV[i]
  if redis.pcall('HEXISTS', keyOf(name), 'whole') ~= 1 then
    wanted[name] = math.max(tonumber(ARGV[i + 1]) - (tonumber(entry.files[name]) or 0), 0)
    sum = sum + wanted[name]
  end
end
if not next(wanted) then return { 'reserved' } end
local most = math.max(maxEach - sizeOf(entry, ANY), 0)
local part = sum > most and most / sum or 1
local full = noRoom(entry, math.floor(sum * part))
if full then return full end

if type(entry.reserved) ~= 'table' then entry.reserved = {} end
for name, bytes in pairs(wanted) do
  local more = math.floor(bytes * part)
  count(entry.tenant, more)
  entry.files[name] = (tonumber(entry.files[name]) or 0) + more
  entry.reserved[name] = true
  if redis.call('TYPE', keyOf(name)).ok ~= 'hash' then redis.call('DEL', keyOf(name)) end
  redis.call('HSET', keyOf(name), 'reserved', '1') -- an entry without a key is taken for a file that Redis has dropped
  redis.call('PEXPIRE', keyOf(name), keptMs)
end
entry.at = now
entry.open = true
entry.next = goesAtEnd(entry)
saveEntry(id, entry, now + graceMs)
return { 'reserved' }
