/** The table of jobs that were found. */
import { element } from '../dom.ts';
import { costOf, timeIn } from '../figures.ts';
import type { FoundJob } from './answers.ts';
import { addressOf } from './place.ts';
import { drawnColumn, Table, textColumn } from './table.ts';
import { spanIn } from './words.ts';

/** Makes it. */
export function createJobTable(): Table<FoundJob> {
  return new Table<FoundJob>({
    label: 'Jobs',
    empty: 'No job is like that.',
    keyOf: ({ jobId }) => jobId,
    columns: [
      drawnColumn(
        'Job',
        ({ jobId, kind }) => [
          element('a', { href: addressOf('jobs', {}, jobId), title: jobId }, kind),
          element('small', {}, shortOf(jobId)),
        ],
        'name',
      ),
      drawnColumn('State', ({ state, error }) => [drawState(state), error && element('small', {}, error.code)]),
      drawnColumn('User', ({ userId }) => [
        userId === undefined ? '–' : element('a', { href: addressOf('jobs', { user: userId }) }, userId),
      ]),
      textColumn('Since', ({ since, createdAt }) => timeIn(since ?? createdAt)),
      textColumn('Waited', ({ waitMs }) => spanIn(waitMs) || '–', 'extra'),
      textColumn('Attempt', ({ attempt, maxAttempts }) => `${attempt} of ${maxAttempts}`, 'extra'),
      textColumn('Cost', (job) => costIn(job) ?? '–'),
      textColumn('Provider', ({ provider, model }) => [provider, model].filter(Boolean).join(', ') || '–', 'extra'),
      textColumn('Worker', ({ worker = '–' }) => worker, 'extra'),
    ],
  });
}

/** The state of a job, in its colour. */
export function drawState(state: string): HTMLElement {
  return element('span', { class: `badge ${state === 'delayed' ? 'waiting' : state}` }, state);
}

/** What a job has cost, as far as it is known; undefined where no call was billed. */
export function costIn({ usage }: Pick<FoundJob, 'usage'>): string | undefined {
  if (!usage) return undefined;
  return usage.costUsd === undefined ? 'not known' : usage.costUsd === 0 ? '$0' : costOf(usage.costUsd, usage.estimated === true);
}

/** The end of an id, by which people tell jobs apart. */
const shortOf = (jobId: string): string => `…${jobId.slice(-6)}`;
