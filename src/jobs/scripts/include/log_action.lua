-- logAction(entry, result, counts) appends to the actions of operators, of which the last 1,000 are kept. `entry` is JSON: who, what and
-- why; `counts` is JSON, '' for none. Expects the key actions and the include `mend`
local function logAction(entry, result, counts)
  mend(actions, 'stream')
  redis.call('XADD', actions, 'MAXLEN', 1000, '*', 'entry', entry, 'result', result, 'counts', counts)
end
