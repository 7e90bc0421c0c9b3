/** Connections to the master that sentinels name. */
import { Redis } from 'ioredis';
import { type OnOutage, patienceFor } from './patience.ts';
import type { ConnectOptions } from './redis-client.ts';
import type { StoreAddress } from './store-address.ts';

/** Opens one, as `connect` does. */
export function connectBySentinels(
  { hosts, name, db, login, sentinelLogin, natMap }: Extract<StoreAddress, { type: 'sentinel' }>,
  onOutage: OnOutage,
  { onError, ...options }: ConnectOptions,
): Redis {
  const redis = new Redis({
    ...patienceFor[onOutage],
    ...options,
    ...login,
    sentinels: hosts,
    name,
    db,
    natMap,
    sentinelUsername: sentinelLogin.username,
    sentinelPassword: sentinelLogin.password,
  });
  redis.on('error', onError);
  return redis;
}
