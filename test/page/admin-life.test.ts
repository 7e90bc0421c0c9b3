/** What the page of operators makes of answers: a job's life in lines, and whether all is right. */
import { describe, expect, test } from 'vitest';

type Moment = { text: string; note?: string };
type Point = { level: string; text: string };

// As the browser does: the page's files are not checked with the types of Node.
const load = async (name: string) => (await import(new URL(`../../page/admin/${name}`, import.meta.url).href)) as Record<string, unknown>;
const lifeOf = (await load('job-life.ts'))['lifeOf'] as (job: object) => Moment[];
const pointsOf = (await load('verdict.ts'))['pointsOf'] as (known: object) => Point[];
const oldestIn = (await load('oldest.ts'))['oldestIn'] as (metrics: string) => Map<string, number>;

const JOB = {
  createdAt: '2026-11-23T21:32:57.440Z',
  startedAt: '2026-11-23T21:33:57.440Z',
  finishedAt: '2026-11-23T21:34:57.440Z',
  state: 'failed',
  attempt: 2,
  attempts: [{ attempt: 1, endedBy: 'provider_timeout' }, { attempt: 2 }],
  setbacks: { putOffs: 3, lost: 0, givenBack: 0, retries: 0 },
  error: { code: 'provider_refused' },
  deliveries: [],
};
const item = (attempt: number, bytes: number) => ({ type: 'item', attempt, list: 'flashcards', bytes });
const again = { type: 'attempt', attempt: 2, code: 'provider_timeout', itemsKept: 2 };
const stage = (attempt: number) => ({ type: 'progress', attempt, stage: 'generating' });

describe("a job's life", () => {
  test('items that come together are one line, and so are pauses for the same reason; the last run stands where it began', () => {
    const shown = [stage(1), item(1, 10), item(1, 20), again, stage(2), again, stage(2), again, stage(2), item(2, 5)];
    const life = lifeOf({ ...JOB, journal: { rows: shown.length + 1, shown } }); // as where an end was retried
    expect(life.map(({ text }) => text)).toEqual([
      'Submitted',
      'Stage: generating',
      '2 items of flashcards',
      'Attempt 1 ended: provider_timeout',
      'Stage: generating',
      'Put off 2 times: provider_timeout',
      'Attempt 2 runs',
      '1 item of flashcards',
      'Meanwhile: put off 3 times',
      'Failed: provider_refused',
    ]);
    expect(life[2]?.note).toBe('attempt 1, 30 bytes');
  });
});

describe('whether all is right', () => {
  const stats = {
    counts: { waiting: 1, active: 0, delayed: 0 },
    workers: 1,
    perMinute: { completed: 95, failed: 5 },
    notifications: { failed: 0 },
  };
  const calm = { stats, ready: {}, trouble: undefined, errors: [], workers: [], oldestS: 2 };
  const levels = (known: object) => pointsOf({ ...calm, ...known }).map(({ level }) => level);
  const errors = [{ code: 'provider_timeout', lastFiveMinutes: { failed: 5 } }];

  test('it is, where nothing stands', () => {
    expect(pointsOf(calm)).toEqual([]);
  });

  test.each<[string, object, string[]]>([
    ['few failures are to be looked at', { errors }, ['warn']],
    ['many are wrong', { errors, stats: { ...stats, perMinute: { completed: 8, failed: 2 } } }, ['bad']],
    ['a job that waits for too long is wrong', { oldestS: 301 }, ['bad']],
    ['of a paused one that is meant', { oldestS: 301, stats: { ...stats, pauses: [{ scope: 'all' }] } }, ['warn', 'warn']],
    ['jobs without a worker are wrong', { stats: { ...stats, workers: 0 } }, ['bad']],
    ['a worker that looks for no jobs is wrong', { workers: [{ name: 'w', live: true, loopAgeMs: 31_000 }] }, ['bad']],
    ['what is wrong comes before the rest', { errors, trouble: 'Redis does not answer.' }, ['bad', 'warn']],
  ])('%s', (_, known, expected) => {
    expect(levels(known)).toEqual(expected);
  });

  test('how long the oldest job has waited is read by lane', () => {
    const line = (labels: string, seconds: string) => `aijobs_queue_oldest_waiting_seconds{${labels}} ${seconds}\n`;
    const text = line('lane="a",state="waiting"', '1.5') + line('state="delayed",lane="a"', '9') + line('state="waiting",lane="b"', '3e+2');
    expect([...oldestIn(`# HELP x\n${text}other 1\n`)]).toEqual([
      ['a', 1.5],
      ['b', 300],
    ]);
  });
});
