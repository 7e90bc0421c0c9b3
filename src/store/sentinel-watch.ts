/**
 * A process' watch on the sentinels: all connections lead to
 * the master that they name, and to no other server.
 */
import { OwnError } from '../job/own-error.ts';
import { Sentinel, type SentinelAddress } from './sentinel.ts';
import { chooseMaster, isBelow, isHeard, type Master, type SentinelAnswer, type WhyNone, whyNone } from './sentinel-answers.ts';
import type { HostAndPort } from './store-address.ts';
import type { TlsOptions } from './store-tls.ts';

/**
 * How often all sentinels are asked, in ms. So long after the first
 * of them announces a failover, at most, all connections have left.
 */
const ROUND_MS = 500;

/**
 * In so many rounds in turn most sentinels have to name lower
 * epochs before the master that is known is forgotten.
 */
const LOWER_ROUNDS = 20;

/** What is needed of a Node socket. */
type Socket = { destroy(): unknown; once(event: 'close', listener: () => void): unknown };

/** Nobody says who the master is: Redis counts as away, and this is why. */
export class SentinelsError extends OwnError {
  override name = 'SentinelsError';
}

/**
 * Asks all sentinels of an address, all the time. An old master still takes writes for some ten
 * seconds after another one was promoted, and loses them: so each socket that leads elsewhere is
 * destroyed at once, and its connection opens another one.
 */
export class SentinelWatch {
  readonly #address;
  readonly #sentinels: Sentinel[];
  readonly #timer;
  /** Sockets that are open, with where each leads. */
  readonly #sockets = new Map<Socket, string>();
  readonly #known = Promise.withResolvers<void>();
  #master: Master | undefined;
  #rounds = 0;
  /** What was last reported, so that it is told once. */
  #told: WhyNone['failure'] | undefined;
  readonly #onError;

  /** `onError`: told once of each reason why no sentinel names a master. */
  constructor(address: SentinelAddress, onError: (error: OwnError) => void, tls?: TlsOptions) {
    this.#address = address;
    this.#onError = onError;
    this.#sentinels = address.hosts.map((at) => new Sentinel(at, address, () => this.#judge(), tls));
    this.#timer = setInterval(() => this.#round(), ROUND_MS);
  }

  /**
   * Where the master is. It is waited for until it is known;
   * one that is known stays so if all sentinels are gone.
   */
  async master(): Promise<HostAndPort> {
    await this.#known.promise;
    return this.#here(this.#master as Master);
  }

  /** Destroys a socket as soon as it does not lead to the master any more. */
  hold(socket: Socket, at: HostAndPort): void {
    this.#sockets.set(socket, toText(at));
    socket.once('close', () => this.#sockets.delete(socket));
  }

  close(): void {
    clearInterval(this.#timer);
    for (const sentinel of this.#sentinels) sentinel.close();
  }

  #round(): void {
    for (const sentinel of this.#sentinels) sentinel.ask();
    const below = this.#master !== undefined && isBelow(this.#answers(), this.#master);
    this.#rounds = below ? this.#rounds + 1 : 0;
    if (this.#rounds < LOWER_ROUNDS) return;
    this.#follow(chooseMaster(this.#answers()));
  }

  #answers(): SentinelAnswer[] {
    return this.#sentinels.map((sentinel) => sentinel.answer());
  }

  #judge(): void {
    const answers = this.#answers();
    this.#tell(whyNone(answers, this.#address.name));
    if (this.#master || isHeard(answers)) this.#follow(chooseMaster(answers, this.#master));
  }

  #follow(master: Master | undefined): void {
    if (!master) return;
    this.#master = master;
    const at = toText(this.#here(master));
    for (const [socket, place] of this.#sockets) if (place !== at) socket.destroy();
    this.#known.resolve();
  }

  /** Where a server is, seen from here. */
  #here({ host, port }: Master): HostAndPort {
    return this.#address.natMap[toText({ host, port })] ?? { host, port };
  }

  #tell(why: WhyNone | undefined): void {
    if (why?.failure === this.#told) return;
    this.#told = why?.failure;
    if (!why) return;
    this.#onError(this.#master ? new OwnError(`${why.sentence} The master that is known stays in use.`) : new SentinelsError(why.sentence));
  }
}

const toText = ({ host, port }: HostAndPort): string => `${host}:${port}`;
