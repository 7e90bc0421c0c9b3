-- Pauses by scope ('all', 'kind NAME', 'provider NAME'), each as 'until since detail': times in ms since the epoch, 0 for no end, and JSON.
-- tellPauses() announces a change to who reads events; liftPause(scope) ends one and returns whether it was there; liftOver() ends those
-- whose time is over. Workers see it when they look, so nobody has to be woken. Expects the keys pauses, meta, events and actions, the
-- includes `clock`, `mend` and `log_action`
local function tellPauses(event)
  local kept = tonumber(redis.call('HGET', meta, 'opts.maxLenEvents') or '') or 10000
  redis.call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', event)
end
local function liftPause(scope)
  local there = redis.call('HDEL', pauses, scope) == 1
  if scope == 'all' then there = redis.call('HDEL', meta, 'paused') == 1 or there end
  if there then tellPauses('resumed') end
  return there
end
local function liftOver()
  mend(pauses, 'hash')
  local entries = redis.call('HGETALL', pauses)
  for n = 1, #entries, 2 do
    local ends = tonumber(string.match(entries[n + 1], '^(%d+) %d+ ') or '')
    if not ends then redis.call('HDEL', pauses, entries[n])
    elseif ends > 0 and ends <= now then
      liftPause(entries[n])
      logAction(cjson.encode({ by = 'time', what = 'resume', scope = entries[n] }), 'resumed', '')
    end
  end
end
