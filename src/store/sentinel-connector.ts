/**
 * How ioredis gets a socket to the master: each connection
 * asks the watch anew, and so does each of its duplicates.
 */
import { connect as connectPlain, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import type { SentinelWatch } from './sentinel-watch.ts';
import type { TlsOptions } from './store-tls.ts';

/**
 * Makes the class of which ioredis makes a connector for each
 * connection. `tls`: where Redis speaks TLS.
 */
export function connectorTo(watch: Pick<SentinelWatch, 'master' | 'hold'>, tls?: TlsOptions): NonNullable<RedisOptions['Connector']> {
  return class MasterConnector extends AbstractConnector {
    #closed = Promise.withResolvers<undefined>();

    constructor(options: unknown) {
      super((options as { disconnectTimeout: number }).disconnectTimeout);
    }

    /** Whether a server may be used: a replica, or a master that was demoted, is left again. */
    override check(info: { role?: string } | undefined): boolean {
      return info?.role === undefined || info.role === 'master';
    }

    /** It never rejects: a connection of ioredis would end for good. */
    override async connect(): Promise<Socket> {
      this.connecting = true;
      this.#closed = Promise.withResolvers();
      const at = await Promise.race([watch.master(), this.#closed.promise]);
      // ioredis takes this one for a connection that was closed, and forgets then that it was told to close.
      if (!at) return new Socket().destroy();
      const socket = tls ? connectTls({ ...at, ...tls }) : connectPlain(at);
      socket.once('error', (error) => (this.firstError = error));
      watch.hold(socket, at);
      this.stream = socket;
      return socket;
    }

    override disconnect(): void {
      this.#closed.resolve(undefined);
      if (this.stream?.destroyed ?? true) this.connecting = false;
      else super.disconnect();
    }
  };
}
