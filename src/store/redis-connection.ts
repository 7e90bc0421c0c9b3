/** Connections to the store that REDIS_URL names. */
import { connectCluster } from './cluster-connection.ts';
import { openRedis } from './open-redis.ts';
import type { OnOutage } from './patience.ts';
import type { ConnectOptions, RedisClient } from './redis-client.ts';
import { connectBySentinels } from './sentinel-connection.ts';
import { readStoreAddress } from './store-address.ts';
import { type StoreTls, tlsOf } from './store-tls.ts';

/**
 * Opens a connection to what REDIS_URL says. It reconnects for ever, within a second
 * of Redis coming back. Close it with `disconnect()`.
 */
export function connect(
  url: string,
  onOutage: OnOutage,
  onError: (error: Error) => void,
  { tls: trust, lazyConnect }: { lazyConnect?: boolean; tls?: StoreTls | undefined } = {},
): RedisClient {
  const address = readStoreAddress(url);
  const tls = tlsOf(address, trust);
  const options: ConnectOptions = { onError, ...(lazyConnect !== undefined && { lazyConnect }), ...(tls && { tls }) };
  switch (address.type) {
    case 'single':
      return openRedis({ url: address.url }, onOutage, options);
    case 'sentinel':
      return connectBySentinels(address, onOutage, options);
    case 'cluster':
      return connectCluster(address, onOutage, options);
  }
}

/** Resolves with whether a connection is ready within so many ms. */
export function readyWithin(redis: RedisClient, ms: number): Promise<boolean> {
  if (redis.status === 'ready') return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
