/** Connections to a cluster. */
import { Cluster } from 'ioredis';
import { type OnOutage, patienceFor } from './patience.ts';
import type { ConnectOptions } from './redis-client.ts';
import type { StoreAddress } from './store-address.ts';

/** Opens one, as `connect` does. */
export function connectCluster(
  { hosts, login, natMap }: Extract<StoreAddress, { type: 'cluster' }>,
  onOutage: OnOutage,
  { onError, ...options }: ConnectOptions,
): Cluster {
  const cluster = new Cluster(hosts, { ...options, natMap, redisOptions: { ...patienceFor[onOutage], ...login } });
  cluster.on('error', onError);
  return cluster;
}
