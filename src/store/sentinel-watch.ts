/**
 * A process' watch on the sentinels: all connections lead to
 * the master that they name, and to no other server.
 */
import { OwnError } from '../job/own-error.ts';
import { Sentinel, type SentinelAddress } from './sentinel.ts';
import { chooseMaster, isBelow, isHeard, isLeaving, type Master, type SentinelAnswer, type WhyNone, whyNone } from './sentinel-answers.ts';
import type { HostAndPort } from './store-address.ts';
import type { TlsOptions } from './store-tls.ts';

/** How often all sentinels are asked at least, in ms. They are asked, too, when one tells of something. */
const ROUND_MS = 500;

/**
 * In so many rounds in turn most sentinels have to name lower
 * epochs before the master that is known is forgotten.
 */
const LOWER_ROUNDS = 20;

/**
 * How long a master that is about to be replaced is left alone, in ms. A failover
 * takes some three seconds; one that goes wrong may take minutes until it is given up.
 */
const LEFT_MS = 10_000;

/** What is needed of a Node socket. */
type Socket = { destroy(): unknown; once(event: 'close', listener: () => void): unknown };

/** Nobody says who the master is: Redis counts as away, and this is why. */
export class SentinelsError extends OwnError {
  override name = 'SentinelsError';
}

/**
 * Asks all sentinels of an address, in turns and when they tell of something. An old master still
 * takes writes for some ten seconds after another one was promoted, and loses them: so each socket
 * that leads elsewhere is destroyed at once, and its connection opens another one. What a master
 * takes just before another one is promoted is lost, too: so it is left when that begins.
 */
export class SentinelWatch {
  readonly #address;
  readonly #sentinels: Sentinel[];
  readonly #timer;
  /** Sockets that are open, with where each leads. */
  readonly #sockets = new Map<Socket, string>();
  /** What waits for the master. Each looks whether it is known, after each answer and in each round. */
  readonly #waiting = new Set<() => void>();
  #master: Master | undefined;
  /** Since when the master has been about to be replaced, by performance.now(). */
  #leavingSince: number | undefined;
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
   * Where the master is, by what the sentinels say now. It is waited for until it is
   * known; one that is known stays so if all sentinels are gone.
   */
  master(): Promise<HostAndPort> {
    const since = performance.now();
    return new Promise((resolve) => {
      const look = (): void => {
        const fresh = this.#sentinels.filter((sentinel) => sentinel.isFresh(since)).length;
        if (!this.#master || this.#isLeft() || fresh <= this.#sentinels.length / 2) return;
        this.#waiting.delete(look);
        resolve(this.#here(this.#master));
      };
      this.#waiting.add(look);
      for (const sentinel of this.#sentinels) sentinel.ask();
      look();
    });
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
    if (this.#rounds >= LOWER_ROUNDS) this.#master = undefined;
    this.#judge();
  }

  #answers(): SentinelAnswer[] {
    return this.#sentinels.map((sentinel) => sentinel.answer());
  }

  #judge(): void {
    const answers = this.#answers();
    this.#tell(whyNone(answers, this.#address.name));
    if (this.#master || isHeard(answers)) this.#master = chooseMaster(answers, this.#master);
    if (!this.#master) return;
    this.#leavingSince = isLeaving(answers, this.#master) ? (this.#leavingSince ?? performance.now()) : undefined;
    const at = this.#isLeft() ? undefined : toText(this.#here(this.#master));
    for (const [socket, place] of this.#sockets) if (place !== at) socket.destroy();
    for (const look of this.#waiting) look();
  }

  #isLeft(): boolean {
    return this.#leavingSince !== undefined && performance.now() - this.#leavingSince < LEFT_MS;
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
