/** A connection to a store, whatever the store is made of. */
import type { Cluster, Redis } from 'ioredis';
import type { TlsOptions } from './store-tls.ts';

/** To a single server, or to the nodes of a cluster. Both have all commands. */
export type RedisClient = Redis | Cluster;

/**
 * What a connection is opened with. `onError` is told of each failure.
 * `tls`: how it is encrypted, where its address says so.
 */
export type ConnectOptions = { onError: (error: Error) => void; lazyConnect?: boolean; tls?: TlsOptions };
