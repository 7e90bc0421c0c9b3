/** Connections to the master that sentinels name. */
import type { Redis } from 'ioredis';
import { openRedis } from './open-redis.ts';
import type { OnOutage } from './patience.ts';
import type { ConnectOptions } from './redis-client.ts';
import type { SentinelAddress } from './sentinel.ts';
import { connectorTo } from './sentinel-connector.ts';
import { SentinelWatch } from './sentinel-watch.ts';

/** A watch, and who is told of trouble, by connection: the first one is. */
type Shared = { watch: SentinelWatch; users: Map<Redis, ConnectOptions['onError']> };

/**
 * The watches of this process by what they watch. One ends
 * with the last connection that was opened over it.
 */
const shared = new Map<string, Shared>();

/** Opens one, as `connect` does. */
export function connectBySentinels(address: SentinelAddress, onOutage: OnOutage, options: ConnectOptions): Redis {
  const { login, db, commandTimeoutMs } = address;
  const { tls } = options;
  const key = JSON.stringify([address, tls]);
  const { watch, users } = sharedBy(key, address, tls);
  const own = { ...login, db, ...(commandTimeoutMs !== undefined && { commandTimeout: commandTimeoutMs }) };
  const redis = openRedis({ options: { ...own, Connector: connectorTo(watch, tls) } }, onOutage, options);
  users.set(redis, options.onError);
  redis.once('end', () => {
    users.delete(redis);
    if (users.size > 0) return;
    watch.close();
    if (shared.get(key)?.watch === watch) shared.delete(key);
  });
  return redis;
}

function sharedBy(key: string, address: SentinelAddress, tls: ConnectOptions['tls']): Shared {
  const known = shared.get(key);
  if (known) return known;
  const users: Shared['users'] = new Map();
  const watch = new SentinelWatch(address, (error) => [...users.values()][0]?.(error), tls);
  const made = { watch, users };
  shared.set(key, made);
  return made;
}
