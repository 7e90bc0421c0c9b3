/** What the page takes in a browser while cards come: long tasks and the main thread's CPU time, beside a page that shows nothing of them. */
import { type CDPSession, chromium, type Page } from 'playwright-core';
import { type Column, ratioTable, table } from './figures.ts';
import { type Bench, type Report, step, type UnguardedForm } from './harness.ts';
import { startOurApi } from './ours.ts';
import { startRedis } from './redis.ts';
import { createFindProgram } from '../worker/programs.ts';

const ROUNDS: Record<UnguardedForm, number> = { normal: 3, short: 1 };
const CARDS: Record<UnguardedForm, number> = { normal: 500, short: 250 };

/** What is measured: tasks of 50 ms or more, the ms of them together, and the main thread's CPU time. */
type Figure = 'long' | 'longMs' | 'busyMs';

const COLUMNS: readonly Column<Figure>[] = [
  ['long tasks', 'long', 0],
  ['their time, ms', 'longMs', 0],
  ['CPU of the main thread, ms', 'busyMs', 0],
];

const EMPTY = 'empty page: reads the stream, shows nothing';
const OURS = 'the page: each card is drawn';
const contenders = [EMPTY, OURS];

/** Follows a job whose stream the page writes itself, a card in each frame of the screen. As text, since it is run in the browser. */
const follow = (cards: number, isDrawn: boolean): string => `(async () => {
  const { createClient } = await import('/client/src/client.ts');
  const { JobView } = await import('/page/job-view.ts');
  const { ProgressBar } = await import('/page/progress-bar.ts');
  const tasks = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
  observer.observe({ type: 'longtask' });
  let write;
  const body = new ReadableStream({ start: (controller) => void (write = (text) => controller.enqueue(new TextEncoder().encode(text))) });
  const ai = createClient({ baseUrl: '', fetch: async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }) });
  const job = ai.resume('generate-flashcards-bench', { streamUrl: '/stream' });
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  let seen = 0;
  job.subscribe(({ type }) => void (seen += type === 'item' ? 1 : 0));
  const shown = { kind: 'generate-flashcards', bar: new ProgressBar(), signal: new AbortController().signal };
  const area = document.createElement('section'); // not the page's own, which closes what its address does not name
  document.querySelector('main').append(area);
  if (${isDrawn}) area.append(shown.bar.node, new JobView(job, shown).node);
  write('event: status\\ndata: {"type":"status","status":"active"}\\n\\n');
  for (let n = 1; n <= ${cards}; n++) {
    const value = { front: 'What is the word for number ' + n + '?', back: 'the answer ' + n };
    const data = { type: 'item', seq: n, list: 'flashcards', index: n - 1, value, percent: (100 * n) / ${cards} };
    write('id: ' + n + '\\nevent: item\\ndata: ' + JSON.stringify(data) + '\\n\\n');
    await frame();
  }
  while (seen < ${cards}) await frame();
  const drawn = () => area.querySelectorAll('.card').length;
  while (${isDrawn} && drawn() < ${cards}) await frame();
  tasks.push(...observer.takeRecords());
  return tasks.map(({ duration }) => duration);
})()`;

/** The CPU time of the page's main thread so far, in ms. */
async function busyMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
}

async function measure(page: Page, url: string, cards: number, isDrawn: boolean): Promise<Record<Figure, number>> {
  await page.goto(url);
  await page.getByRole('button', { name: 'Submit' }).waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' }); // the thread's CPU time: what else the machine does is not in it
  const before = await busyMs(session);
  const tasks = await page.evaluate<number[]>(follow(cards, isDrawn));
  const busy = (await busyMs(session)) - before;
  await session.detach();
  return { long: tasks.length, longMs: tasks.reduce((sum, ms) => sum + ms, 0), busyMs: busy };
}

async function run(form: UnguardedForm): Promise<Report> {
  const executablePath = createFindProgram(process.env['PATH'] ?? '')('chromium');
  if (executablePath === undefined) throw new Error('the bench page needs chromium');
  const store = await startRedis();
  const api = await startOurApi(store.url);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const version = browser.version();
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const figures = new Map(contenders.map((name): [string, Record<Figure, number[]>] => [name, { long: [], longMs: [], busyMs: [] }]));
  for (let round = 0; round <= ROUNDS[form]; round++) {
    process.stderr.write(`round ${round} of ${ROUNDS[form]}\n`); // round 0 has the browser compile the page, and is not counted
    for (const name of contenders) {
      const sample = await step(name, 120, () => measure(page, `http://127.0.0.1:${api.port}/`, CARDS[form], name === OURS));
      if (round > 0) for (const [figure, value] of Object.entries(sample)) figures.get(name)?.[figure as Figure].push(value);
    }
  }
  await browser.close();
  await api.stop();
  store.stop();
  return {
    text: `# What the page takes in a browser

\`npm run bench -- page\`: ${CARDS[form]} cards, one in each frame of the screen, in Chromium ${version} without a screen. ${ROUNDS[form]} rounds, in turns; medians (quartiles).
A long task is one of 50 ms or more, in which the page answers nobody. The empty page reads the same stream with the same client.

${table(figures, contenders, COLUMNS)}

The main thread's CPU time as a ratio to the empty page's:

${ratioTable(figures, contenders, COLUMNS.slice(2), () => EMPTY)}
`,
  };
}

/** The benchmark. */
export const page: Bench = { limitS: { normal: 900, short: 120 }, run };
