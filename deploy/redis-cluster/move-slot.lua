--[[
Moves a slot of a Redis cluster to another master in one step, so that no script finds half of its keys. Redis answers nobody meanwhile,
some 10 ms for a thousand jobs. The target has to be importing the slot, and is told afterwards that it has it:

    redis-cli -h TARGET CLUSTER SETSLOT SLOT IMPORTING SOURCE_ID
    redis-cli -h SOURCE --eval move-slot.lua , SLOT TARGET_ID TARGET_HOST TARGET_PORT [USER PASSWORD]
    redis-cli -h TARGET CLUSTER SETSLOT SLOT NODE TARGET_ID

If it fails, because the target can't be reached, run it again. Returns how many keys were moved.
]]
local slot, id, host, port, user, password = unpack(ARGV)
local login = user and { 'AUTH2', user, password } or {}
local moved = 0
redis.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', id)
while true do
  local keys = redis.call('CLUSTER', 'GETKEYSINSLOT', slot, 1000)
  if #keys == 0 then break end
  local command = { 'MIGRATE', host, port, '', 0, 60000 }
  for _, word in ipairs(login) do command[#command + 1] = word end
  command[#command + 1] = 'KEYS'
  for _, key in ipairs(keys) do command[#command + 1] = key end
  redis.call(unpack(command))
  moved = moved + #keys
end
redis.call('CLUSTER', 'SETSLOT', slot, 'NODE', id)
return moved
