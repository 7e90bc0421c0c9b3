/** A connection to one sentinel, and what it said last. */
import { Redis } from 'ioredis';
import { readFailure, readMaster, type SentinelAnswer } from './sentinel-answers.ts';
import type { HostAndPort, StoreAddress } from './store-address.ts';
import type { TlsOptions } from './store-tls.ts';

/** An address by sentinels. */
export type SentinelAddress = Extract<StoreAddress, { type: 'sentinel' }>;

/** How long a sentinel may take to connect or to answer, in ms. */
const SILENCE_MS = 2000;

/** How long to wait before it is connected to again, in ms. */
const AGAIN_MS = 500;

/** One of the sentinels. */
export class Sentinel {
  readonly #redis;
  readonly #name;
  readonly #onAnswer;
  #answer: SentinelAnswer = { type: 'none' };
  #isAsked = false;

  /** `onAnswer`: called after each answer, and each failure to get one. */
  constructor(at: HostAndPort, { name, sentinelLogin }: SentinelAddress, onAnswer: () => void, tls?: TlsOptions) {
    this.#name = name;
    this.#onAnswer = onAnswer;
    this.#redis = new Redis({
      ...at,
      ...sentinelLogin,
      ...(tls && { tls }),
      protocol: 2,
      enableReadyCheck: false,
      disableClientInfo: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: SILENCE_MS,
      socketTimeout: SILENCE_MS,
      retryStrategy: () => AGAIN_MS,
    });
    this.#redis.on('ready', () => this.ask());
    this.#redis.on('error', (error) => this.#say(readFailure(error)));
  }

  /** What it said last. */
  answer(): SentinelAnswer {
    return this.#answer;
  }

  /** Asks who the master is, unless it has still to answer. */
  ask(): void {
    if (this.#isAsked || this.#redis.status !== 'ready') return;
    this.#isAsked = true;
    void this.#read().then((answer) => {
      this.#isAsked = false;
      return answer && this.#say(answer);
    });
  }

  close(): void {
    this.#redis.disconnect();
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
