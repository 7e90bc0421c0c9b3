/** Rounds: all contenders run at once, each over a Redis database of its own, and take turns in small blocks. So whatever else the machine does falls on all of them. */
import type { Figures } from './figures.ts';
import { openPlaces, type Place, startRedis } from './redis.ts';

/** What is measured at one time, by name. */
export type Sample<Figure extends string> = Partial<Record<Figure, number>>;

/** Who is compared. */
export type Contender<Figure extends string> = {
  name: string;
  /** Starts it over a database that is empty, and warms it up. */
  start(place: Place): Promise<Running<Figure>>;
};

/** A contender in a round. */
export type Running<Figure extends string> = {
  /** Measures a block. */
  block(): Promise<Sample<Figure>>;
  /** Measures what is measured once in a round, checks that the work was done, and stops it. */
  finish(): Promise<Sample<Figure>>;
};

/** How often all contenders are started anew, and how many blocks each one has then. */
export type Rounds = { rounds: number; blocks: number };

/** Measures all contenders. */
export async function compare<Figure extends string>(
  contenders: readonly Contender<Figure>[],
  { rounds, blocks }: Rounds,
): Promise<Figures<Figure>> {
  const store = await startRedis();
  const places = openPlaces(store, contenders.length);
  const figures = new Map(contenders.map(({ name }) => [name, {} as Record<Figure, number[]>]));
  const keep = (name: string, sample: Sample<Figure>) => {
    const kept = figures.get(name);
    if (kept) for (const [figure, value] of Object.entries(sample) as [Figure, number][]) (kept[figure] ??= []).push(value);
  };
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    const running: { name: string; contender: Running<Figure> }[] = [];
    for (const [n, { name, start }] of contenders.entries()) {
      const place = places[n] as Place;
      await place.redis.flushdb();
      running.push({ name, contender: await start(place) });
    }
    for (let block = 0; block < blocks; block++) {
      // Each block begins with another one.
      for (const { name, contender } of [...running.slice(block % running.length), ...running.slice(0, block % running.length)]) {
        keep(name, await contender.block());
      }
    }
    for (const { name, contender } of running) keep(name, await contender.finish());
  }
  for (const { redis } of places) redis.disconnect();
  store.stop();
  return figures;
}
