/** A connection to one sentinel, and what it said last. */
import { Redis } from 'ioredis';
import { readFailure, readMaster, type SentinelAnswer } from './sentinel-answers.ts';
import type { HostAndPort, StoreAddress } from './store-address.ts';
import type { TlsOptions } from './store-tls.ts';

/** An address by sentinels. */
export type SentinelAddress = Extract<StoreAddress, { type: 'sentinel' }>;

/** How long a sentinel may take to connect or to answer, in ms. */
const SILENCE_MS = 2000;

/** What a sentinel tells its subscribers of: begins, steps and ends of failovers. */
const EVENTS = ['+*', '-*'];

/** How long to wait before it is connected to again, in ms. */
const AGAIN_MS = 500;

/** One of the sentinels. */
export class Sentinel {
  readonly #redis;
  readonly #name;
  readonly #onAnswer;
  #answer: SentinelAnswer = { type: 'none' };
  /** When it was asked for what it said last, by performance.now(). */
  #askedAt = -Infinity;
  #isAsked = false;
  #isToBeAsked = false;

  /** `onAnswer`: called after each answer, and each failure to get one. */
  constructor(at: HostAndPort, { name, sentinelLogin }: SentinelAddress, onAnswer: () => void, tls?: TlsOptions) {
    this.#name = name;
    this.#onAnswer = onAnswer;
    this.#redis = new Redis({
      ...at,
      ...sentinelLogin,
      ...(tls && { tls }),
      enableReadyCheck: false,
      disableClientInfo: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: SILENCE_MS,
      socketTimeout: SILENCE_MS,
      retryStrategy: () => AGAIN_MS,
    });
    this.#redis.on('ready', () => {
      this.ask();
      this.#subscribe().catch(() => {}); // it is asked in turns
    });
    this.#redis.on('pmessage', () => this.ask());
    this.#redis.on('error', (error) => this.#say(readFailure(error)));
  }

  /** What it said last. */
  answer(): SentinelAnswer {
    return this.#answer;
  }

  /** Whether it was asked after this moment of performance.now() and has answered, or can't be. */
  isFresh(since: number): boolean {
    return this.#answer.type === 'failure' || this.#askedAt >= since;
  }

  /** Asks who the master is; once more where it has still to answer. */
  ask(): void {
    if (this.#redis.status !== 'ready') return;
    this.#isToBeAsked = true;
    if (!this.#isAsked) void this.#askOn();
  }

  async #askOn(): Promise<void> {
    this.#isAsked = true;
    while (this.#isToBeAsked) {
      this.#isToBeAsked = false;
      const at = performance.now();
      const answer = await this.#read();
      if (!answer) continue;
      this.#askedAt = at;
      this.#say(answer);
    }
    this.#isAsked = false;
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** Has it tell of failovers when they begin. By the older protocol it could not be asked any more then. */
  async #subscribe(): Promise<void> {
    const hello: unknown = await this.#redis.call('HELLO');
    if (Array.isArray(hello) && hello[hello.indexOf('proto') + 1] === 3) await this.#redis.psubscribe(...EVENTS);
  }

  /** Resolves with undefined where the connection is lost: its own error tells more. */
  async #read(): Promise<SentinelAnswer | undefined> {
    try {
      const [facts, address] = await Promise.all([
        this.#redis.call('SENTINEL', 'MASTER', this.#name),
        this.#redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.#name),
      ]);
      return readMaster(facts, address);
    } catch (error) {
      return error instanceof Error && error.name === 'ReplyError' ? readFailure(error) : undefined;
    }
  }

  #say(answer: SentinelAnswer): void {
    this.#answer = answer;
    this.#onAnswer();
  }
}
