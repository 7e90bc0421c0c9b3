--[[
Makes room for a file, if there is any, and begins it: what was there under its name goes. With a token only the run that holds
the job's lock may. `key` is the file's; `files` is what the keys of all files begin with. The file is not read before it is whole.
`maxTotal` and `maxEach`: how much all files and those of one tenant may take. `graceMs`: when to look whether its job is there.
`keptMs`: when Redis drops the file if nobody looks after it.
KEYS: key, job, lock, ledger, due, used, files
ARGV: id, name, tenant, token, version, mediaType, digest, bytes:number, graceMs:number, keptMs:number, maxTotal:number, maxEach:number
Returns: { 'begun' }; { 'there' } if the same file is there; { 'lost' }; { 'full', 'all' or 'own', ms until enough has gone or -1, 1 if unfinished jobs hold enough }
]]
--include clock
--include mend
--include ledger
if token ~= '' and (redis.call('GET', lock) ~= token or redis.call('HGET', job, 'finishedOn')) then return { 'lost' } end
local entry = entryOf(id) or { tenant = tenant, files = {} }
local known = redis.pcall('HMGET', key, 'digest', 'type', 'whole')
if not known.err and known[1] == digest and known[2] == mediaType and known[3] and entry.files[name] then return { 'there' } end

local held = tonumber(entry.files[name]) or 0
local function whoseIsFull()
  if usedBy('*') - held + bytes > maxTotal then return 'all' end
  if usedBy(entry.tenant) - held + bytes > maxEach then return 'own' end
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
local whose = whoseIsFull()
if whose then
  recount()
  whose = whoseIsFull()
end
if whose then
  local needed = whose == 'all' and usedBy('*') - held + bytes - maxTotal or usedBy(entry.tenant) - held + bytes - maxEach
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

redis.call('DEL', key)
redis.call('HSET', key, 'version', version, 'type', mediaType, 'digest', digest, 'bytes', bytes)
redis.call('PEXPIRE', key, keptMs)
count(entry.tenant, bytes - held)
entry.files[name] = bytes
entry.at = now
entry.open = true
entry.next = sizeOf(entry, INPUTS)
saveEntry(id, entry, now + graceMs)
return { 'begun' }
