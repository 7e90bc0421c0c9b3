--[[
Frees the room that was reserved for files of a job and is not taken. While the job goes on only the
run that holds its lock may, and what belongs to a job that has made a part already stays: what was
paid for must not wait for room again.
KEYS: job, lock, ledger, due, used, files
ARGV: id, token
Returns: 1 if room was freed; 0 if not
]]
--include mend
--include ledger
local entry = entryOf(id)
if not entry or type(entry.reserved) ~= 'table' or not next(entry.reserved) then return 0 end
local record = redis.pcall('HMGET', job, 'name', 'finishedOn')
if not record.err and record[1] and not record[2] then
  if redis.pcall('GET', lock) ~= token then return 0 end
  for name in pairs(entry.files) do
    if string.find(name, '^out:') and not entry.reserved[name] then return 0 end
  end
end
for name in pairs(entry.reserved) do
  redis.call('DEL', files .. id .. ':' .. name)
  count(entry.tenant, -(tonumber(entry.files[name]) or 0))
  entry.files[name] = nil
end
entry.reserved = nil
entry.next = goesAtEnd(entry)
saveEntry(id, next(entry.files) and entry or nil, redis.call('ZSCORE', due, id) or 0)
return 1
