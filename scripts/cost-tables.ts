/** The tables of the chapter on costs. */
import { readFileSync } from 'node:fs';
import { FLY, monthOf, onRailwayAMillion, RAILWAY, RENDER, UPSTASH } from './hosting.ts';
import { JOB_COSTS } from './job-dollars.ts';
import { dollars, JOBS_PER_HOUR, number, table } from './size-text.ts';
import { needOf } from './sizing.ts';

/** The table of what a month costs. */
export function months(): string {
  const rows = JOBS_PER_HOUR.flatMap((jobsPerHour) =>
    [24, 1].map((retentionHours) => {
      const { railway, render, fly, upstash } = monthOf(needOf({ jobsPerHour, seconds: 15, retentionHours }));
      const [flashcards] = JOB_COSTS;
      const model = jobsPerHour * 730 * (flashcards?.usd ?? Number.NaN);
      return [number(jobsPerHour), `${retentionHours} h`, ...[railway, render, fly, upstash, model].map(dollars)];
    }),
  );
  return table(['jobs an hour', 'kept', 'Railway, all', 'Render, processes', 'Fly, processes', 'Upstash, Redis', 'the model'], rows);
}

/** The table of what a job costs at its vendor, by kind. */
export function vendorCosts(): string {
  const rows = JOB_COSTS.map(({ kind, of, by, usd }) => [`\`${kind}\``, of, by, `$${usd.toFixed(4)}`, dollars(usd * 1e6)]);
  return table(['kind', 'a job of', 'by', 'dollars a job', 'a million jobs'], rows);
}

/** The table of what a job costs on this side, by kind: what the bench has measured, and what Railway bills for it. */
export function kindCosts(): string {
  const text = readFileSync(new URL('../bench/results/kinds.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| (`.+) \|$/gm)].map(([, cells = '']) => {
    const [kind = '', of = '', by = '', ...figures] = cells.split(' | ');
    const [worker = 0, api = 0, redis = 0, record = 0, files = 0] = figures.map((figure) => Number(figure.replaceAll(',', '')));
    const usd = onRailwayAMillion({ ms: worker + api + redis, bytes: record + files, hours: 24 });
    return [kind, of, by, ...figures, dollars(usd)];
  });
  return table(
    ['kind', 'a job of', 'done by', 'worker, ms', 'API, ms', 'Redis, ms', 'record, bytes', 'files, bytes', 'a million jobs, Railway'],
    rows,
  );
}

/** The table of where the prices are from. */
export function sources(): string {
  const line = (host: string, { page, date, kept }: { page: string; date: string; kept?: string }, prices: string) => [
    host,
    `[${new URL(page).host}](${page})${kept === undefined ? '' : `, as kept by ${kept}`}`,
    date,
    prices,
  ];
  const plans = (list: readonly { name?: string; memoryGb: number; usd: number }[]) =>
    list.map(({ name, memoryGb, usd }) => `${name ?? ''} ${memoryGb} GB $${number(usd)}`.trim()).join(' · ');
  const railway = `$${RAILWAY.core} a core, $${RAILWAY.memoryGb} a GB, $${RAILWAY.volumeGb} a GB of disk, $${RAILWAY.egressGb} a GB sent; $${RAILWAY.least} at least`;
  const { machine } = FLY;
  return table(
    ['host', 'page', 'of', 'dollars a month'],
    [
      line('Railway, Pro', RAILWAY.source, railway),
      line('Render', RENDER.source, plans(RENDER.plans)),
      line('Fly, a machine', machine.source, `shared-cpu-1x with 256 MB $${machine.usd}`),
      line('Fly, the rest', FLY.source, `$${FLY.memoryGb} each GB more; $${FLY.egressGb} a GB sent in Europe and North America`),
      line('Upstash, fixed plans', UPSTASH.source, plans(UPSTASH.plans)),
    ],
  );
}
