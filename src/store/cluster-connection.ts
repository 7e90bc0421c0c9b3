/** Connections to a cluster. */
import { Cluster, type ClusterNode, Command, type Redis } from 'ioredis';
import { failWhenSilent } from './impatience.ts';
import { joinWritesOf } from './joined-writes.ts';
import { type OnOutage, patienceFor, pauseBeforeConnecting, REDIRECTIONS, SILENCE_MS } from './patience.ts';
import type { ConnectOptions } from './redis-client.ts';
import type { StoreAddress } from './store-address.ts';
import { isDemoted, NodeError } from './store-trouble.ts';

/**
 * How often the map of the slots is read anew, in ms. It is also how long a node
 * that stands still is believed in, where no command is impatient.
 */
const MAP_AGE_MS = 5000;

/** Pauses before a command is sent again, in ms: after its connection ended, and after `MOVED`. */
const AGAIN_MS = { ended: 100, moved: 10 };

/**
 * How much longer than it asked for a command may wait for news,
 * in ms: less than BullMQ's own bound, 1000.
 */
const LATE_MS = 500;

type Options = NonNullable<ConstructorParameters<typeof Cluster<'legacy'>>[1]>;

type ClusterAddress = Extract<StoreAddress, { type: 'cluster' }>;

/** Opens one, as `connect` does. Errors of single nodes are told as {@link NodeError}. */
export function connectCluster(address: ClusterAddress, onOutage: OnOutage, { onError, tls, ...options }: ConnectOptions): Cluster {
  const cluster = new StoreCluster(address.hosts, { ...optionsFor(address, onOutage, onError, tls), ...options }, onOutage);
  cluster.on('error', onError);
  cluster.on('node error', (error: Error) => onError(new NodeError('A node of the cluster is in trouble', { cause: error })));
  return cluster;
}

/**
 * What ioredis is told. Its nodes are not connected again by themselves:
 * the next command asks where its slot is.
 */
export function optionsFor(
  { login, tls, natMap, commandTimeoutMs = SILENCE_MS }: Omit<ClusterAddress, 'hosts'>,
  onOutage: OnOutage,
  onError: (error: Error) => void,
  trust: ConnectOptions['tls'] = { rejectUnauthorized: true },
): Options {
  const { enableOfflineQueue = true, commandTimeout, ...patience } = patienceFor[onOutage];
  return {
    enableOfflineQueue,
    maxRedirections: REDIRECTIONS[onOutage],
    retryDelayOnFailover: AGAIN_MS.ended,
    retryDelayOnMoved: AGAIN_MS.moved,
    slotsRefreshInterval: MAP_AGE_MS,
    clusterRetryStrategy: pauseBeforeConnecting,
    natMap,
    // Hosts stay names until they are connected to: certificates are
    // of names, and one unknown name leaves the others usable.
    dnsLookup: (host, callback) => callback(null, host),
    redisOptions: {
      ...patience,
      ...login,
      ...(commandTimeout !== undefined && { commandTimeout: commandTimeoutMs }),
      ...(tls && { tls: trust }),
      reconnectOnError(error) {
        if (!isDemoted(error)) return false;
        onError(error);
        return onOutage === 'fail' ? 1 : 2;
      },
    },
  };
}

/**
 * ioredis' cluster, in which each command comes to an end in time: one that serves requests fails
 * where Redis is silent, one that waits for news resolves with null, and one that may wait is not
 * given up because the connection to its node has ended. BullMQ's loops stood still for good where a
 * command did not end.
 */
class StoreCluster extends Cluster {
  readonly #hosts: ClusterNode[];
  readonly #onOutage: OnOutage;
  /** Whether it was told to end. */
  #isLeft = false;

  constructor(hosts: ClusterNode[], options: Options, onOutage: OnOutage) {
    super(hosts, options);
    this.#hosts = hosts;
    this.#onOutage = onOutage;
    this.on('+node', (node: Redis) => this.#adopt(node));
    this.on('connecting', () => (this.#isLeft = false));
  }

  override sendCommand(...[command, stream, node]: Parameters<Cluster['sendCommand']>): unknown {
    if (this.#onOutage === 'fail') {
      failWhenSilent(command, this.options.redisOptions?.commandTimeout ?? SILENCE_MS);
    } else if (Command.checkFlag('BLOCKING_COMMANDS', command.name)) {
      const blockMs = command.extractBlockingTimeout();
      if (typeof blockMs === 'number' && blockMs > 0) command.setBlockingTimeout(blockMs + LATE_MS);
    }
    return super.sendCommand(command, stream, node);
  }

  override disconnect(reconnect = false): void {
    this.#isLeft = !reconnect;
    super.disconnect(reconnect);
  }

  override quit(...args: Parameters<Cluster['quit']>): Promise<'OK'> {
    this.#isLeft = true;
    return super.quit(...args);
  }

  /** As ioredis makes it, for BullMQ, which waits on a connection of its own. */
  override duplicate(hosts: ClusterNode[] = [], options: object = {}): ReturnType<Cluster['duplicate']> {
    return new StoreCluster(hosts.length > 0 ? hosts : this.#hosts, { ...(this.options as Options), ...options }, this.#onOutage);
  }

  /** What becomes of a command that failed on its way. */
  override handleError(...[error, left, ways]: Parameters<Cluster['handleError']>): void {
    // Its node may stand still, and another one have its slots.
    if (error.message === 'Command timed out') this.refreshSlotsCache();
    const isLost = error.message === 'Connection is closed.' && this.status !== 'ready' && !this.#isLeft;
    if (isLost && this.options.enableOfflineQueue) ways.connectionClosed(); // it waits until there is a node again
    else super.handleError(error, left, ways);
  }

  #adopt(node: Redis): void {
    joinWritesOf(node, this.#onOutage);
    const send = node.sendCommand.bind(node);
    // One that has been given up while it was on its way is not sent any more.
    node.sendCommand = (command, stream) => (command.isSettled && !stream ? command.promise : send(command, stream));
    // A redirection that was under way makes a node after all were
    // left: with it, ioredis would not come to its end.
    if (this.#isLeft) node.disconnect();
  }
}
