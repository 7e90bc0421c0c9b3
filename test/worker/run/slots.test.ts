/** The slots of a process: how many jobs it runs over all lanes, and which lane is next. */
import { assert, constantFrom, type Arbitrary, array, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { type Slot, Slots } from '../../../worker/run/slots.ts';

/** A slot that must be there. */
function taken(slots: Slots, lane: string): Slot {
  const slot = slots.take(lane);
  if (!slot) throw new Error(`no slot for ${lane}`);
  return slot;
}

/** Takes a slot for a job, which begins. */
function run(slots: Slots, lane: string, jobId: string): void {
  taken(slots, lane).settle(jobId);
  slots.begin(lane, jobId);
}

test('one lane never takes the last slot of another that waits and holds none', () => {
  const slots = new Slots(3);
  for (const id of ['a1', 'a2', 'a3']) run(slots, 'a', id);
  expect(slots.take('b')).toBeUndefined();
  slots.end('a1');
  expect(slots.take('a')).toBeUndefined();
  run(slots, 'b', 'b1');
  slots.end('a2');
  run(slots, 'a', 'a4'); // b holds one
  expect(slots.taken).toBe(3);
});

test('with one slot lanes take turns in the order in which they came to wait', () => {
  const slots = new Slots(1);
  run(slots, 'a', 'a1');
  for (const lane of ['b', 'c', 'a']) expect(slots.take(lane)).toBeUndefined();
  const order: string[] = [];
  let last = 'a1';
  for (let n = 0; n < 6; n++) {
    slots.end(last);
    const served = ['a', 'b', 'c'].filter((one) => {
      const slot = slots.take(one);
      slot?.settle(`${one}${n}`);
      return slot;
    });
    const lane = served.join();
    order.push(lane);
    last = `${lane}${n}`;
    slots.begin(lane, last);
  }
  expect(order).toEqual(['b', 'c', 'a', 'b', 'c', 'a']);
});

test('a fetch that brings no job leaves its slot free, and who waits hears of it', async () => {
  const slots = new Slots(1);
  const slot = taken(slots, 'a');
  expect(slots.take('b')).toBeUndefined();
  const waiting = slots.available('b', 1_000_000);
  slot.settle(undefined);
  slot.settle('a1'); // a second time it says nothing
  await waiting;
  expect(slots.taken).toBe(0);
  run(slots, 'b', 'b1');
  expect(slots.isWaiting('b')).toBe(false);
});

test('a job that is fetched again before its last run has let go keeps its slot', () => {
  const slots = new Slots(1);
  run(slots, 'a', 'a1');
  slots.end('a1');
  taken(slots, 'a').settle('a1');
  slots.end('a1'); // BullMQ says twice that a run is over
  expect(slots.taken).toBe(1);
  slots.begin('a', 'a1');
  slots.end('a1');
  expect(slots.taken).toBe(0);
});

test('a job that does not begin gives its slot up after some seconds; one that begins later still holds one', () => {
  let now = 0;
  const slots = new Slots(1, () => now);
  taken(slots, 'a').settle('a1');
  expect(slots.take('a')).toBeUndefined();
  now = 5001;
  taken(slots, 'a').settle('a2');
  slots.begin('a', 'a1');
  expect(slots.taken).toBe(2);
});

test('a process that stops gives no slots, and lets nobody wait', async () => {
  const slots = new Slots(1);
  run(slots, 'a', 'a1');
  const waiting = slots.available('b', 1_000_000);
  slots.close();
  await waiting;
  await slots.available('b', 1_000_000);
  slots.end('a1');
  expect(slots.take('b')).toBeUndefined();
});

type Step = { lane: string; does: 'take' | 'settle' | 'settle empty' | 'begin' | 'end' | 'end twice' | 'wait'; which: number };

const step: Arbitrary<Step> = record({
  lane: constantFrom('a', 'b', 'c', 'd'),
  does: constantFrom('take', 'settle', 'settle empty', 'begin', 'end', 'end twice', 'wait'),
  which: nat(20),
});

/** A process of random steps: what it does to the slots, as BullMQ does it. */
class Process {
  readonly fetching: { lane: string; slot: Slot }[] = [];
  readonly fetched: { lane: string; id: string }[] = [];
  readonly running: string[] = [];
  readonly #slots: Slots;
  #jobs = 0;

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  get busy(): number {
    return this.fetching.length + this.fetched.length + this.running.length;
  }

  step({ lane, does, which }: Step): void {
    const pick = <T>(from: T[]): T | undefined => from.splice(which % Math.max(from.length, 1), 1)[0];
    if (does === 'take') {
      const slot = this.#slots.take(lane);
      if (slot) this.fetching.push({ lane, slot });
    } else if (does === 'settle' || does === 'settle empty') {
      const fetch = pick(this.fetching);
      const id = does === 'settle' && fetch ? `${fetch.lane}${this.#jobs++}` : undefined;
      if (id !== undefined && fetch) this.fetched.push({ lane: fetch.lane, id });
      fetch?.slot.settle(id);
    } else if (does === 'begin') {
      const job = pick(this.fetched);
      if (job) this.running.push(job.id);
      if (job) this.#slots.begin(job.lane, job.id);
    } else if (does === 'wait') void this.#slots.available(lane, 0);
    else {
      const id = pick(this.running) ?? 'unknown';
      this.#slots.end(id);
      if (does === 'end twice') this.#slots.end(id);
    }
  }

  finish(): void {
    for (const { slot } of this.fetching.splice(0)) slot.settle(undefined);
    for (const { lane, id } of this.fetched.splice(0)) {
      this.#slots.begin(lane, id);
      this.running.push(id);
    }
    for (const id of this.running.splice(0)) this.#slots.end(id);
  }
}

test('whatever happens, no slot is lost or made, and a free one is for some lane that wants it', () => {
  assert(
    property(nat(4), array(step, { maxLength: 200 }), (more, steps) => {
      const total = more + 1;
      const slots = new Slots(total);
      const process = new Process(slots);
      for (const one of steps) {
        process.step(one);
        expect(slots.taken).toBe(process.busy);
        expect(slots.taken).toBeLessThanOrEqual(total);
      }
      process.finish();
      expect(slots.taken).toBe(0);
      // Each lane gets one again: those that wait first, and then the others.
      const lanes = ['a', 'b', 'c', 'd'];
      const order = [...lanes.filter((lane) => slots.isWaiting(lane)), ...lanes.filter((lane) => !slots.isWaiting(lane))];
      const left = new Set(order);
      while (left.size > 0) {
        const served = [...left].find((lane) => {
          const slot = slots.take(lane);
          slot?.settle(undefined);
          return slot;
        });
        if (served === undefined) throw new Error(`nobody of ${[...left].join()} may take a free slot`);
        left.delete(served);
      }
    }),
  );
});
