/** Alerts, board and handbook speak of metrics that there are, and the alerts fire on real scrapes. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { answerWith, startOpenAI } from '../support/openai.ts';
import { hasPromtool, runPromtool } from '../support/promtool.ts';
import { scrape, seriesIn } from '../support/scrape.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const rules = read('deploy/prometheus/rules.yml');
const board = JSON.parse(read('deploy/grafana/ai-jobs.json')) as { panels: { targets?: { expr: string }[] }[] };

const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found);
const alerts = matches(rules, /^ +- alert: (\w+)$/gm);
const ofRules = matches(rules, /^ +expr: (.*)$/gm);
const ofBoard = board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** The names of metrics in text: those of ours, of HTTP, of GenAI and of Node. Records have a colon. */
const namesIn = (text: string) => new Set(matches(text, /\b((?:aijobs|http_server|gen_ai_client|nodejs|process)_[a-z0-9_]+)(?!:)\b/g));

/** The name of the metric that a series is of: histograms have several series. */
const withoutPart = (name: string) => name.replace(/_(bucket|sum|count)$/, '');

/** The metrics that both processes have, whether they have a value or not. */
async function exported(): Promise<Set<string>> {
  const stack = await startStack();
  const worker = await stack.startWorker();
  return new Set(matches((await scrape(stack.url)) + (await scrape(worker.url)), /^# TYPE (\w+) /gm));
}

test('rules and board use no metric that there is not', async () => {
  const there = await exported();
  for (const expr of [...ofRules, ...ofBoard]) {
    const unknown = [...namesIn(expr)].filter((name) => !there.has(name) && !there.has(withoutPart(name)));
    expect([expr, unknown]).toEqual([expr, []]);
  }
  expect(ofBoard.length).toBeGreaterThan(50);
});

test('the handbook names each metric of ours, and no other', async () => {
  const there = [...(await exported())].filter((name) => !/^(nodejs|process)_/.test(name));
  const rows = read('docs/handbook/monitoring.md').match(/^\| `.*? \|/gm) ?? [];
  const ours = rows.flatMap((row) => [...namesIn(row)]).filter((name) => !/^(nodejs|process)_/.test(name));
  expect([...new Set(ours)].toSorted()).toEqual(there.toSorted());
});

test('each alert has a paragraph in the trouble-shooting chapter, and a test', () => {
  const chapter = read('docs/troubleshooting.md');
  const anchors = new Set(matches(chapter, /<a id="([\w-]+)"><\/a>/g));
  const runbooks = matches(rules, /^ +runbook: docs\/troubleshooting\.md#([\w-]+)$/gm);
  expect(runbooks).toHaveLength(alerts.length);
  expect(runbooks.filter((anchor) => !anchors.has(anchor))).toEqual([]);
  const tested = new Set(matches(read('deploy/prometheus/rules.test.yml'), /alertname: (\w+)/g));
  expect(alerts.filter((alert) => !tested.has(alert))).toEqual([]);
});

test.skipIf(!hasPromtool)('Prometheus takes the rules, and their tests pass', () => {
  expect(runPromtool(['check', 'rules'], { 'rules.yml': rules })).toBe('');
  const files = { 'rules.yml': rules, 'rules.test.yml': read('deploy/prometheus/rules.test.yml') };
  expect(runPromtool(['test', 'rules'], files)).toBe('');
});

test.skipIf(!hasPromtool)('Prometheus takes each expression of the board', () => {
  const records = ofBoard.map((expr, n) => `      - { record: "board:panel:${n}", expr: ${JSON.stringify(expr)} }`);
  const file = ['groups:', '  - name: board', '    rules:', ...records, ''].join('\n');
  expect(runPromtool(['check', 'rules'], { 'board.yml': file })).toBe('');
});

/** Series that tell how busy this machine is: a test that runs beside others may not go by them. */
const OF_MACHINE = /^(nodejs_eventloop|aijobs_redis_latency|aijobs_stream_delivery)/;

/** A test of promtool in which scrapes stay as they are for an hour, and exactly these alerts fire. */
function testOn(scrapes: Record<string, string>, firing: Record<string, string>): string {
  const series = Object.entries(scrapes).flatMap(([instance, text]) =>
    seriesIn(text)
      .filter(({ name }) => /^(aijobs|http|gen_ai)_/.test(name) && !OF_MACHINE.test(name))
      .map(({ name, labels, value }) => {
        const pairs = Object.entries({ ...labels, instance, job: 'ai-jobs' }).map(([key, text]) => `${key}="${text}"`);
        return `      - { series: '${name}{${pairs.join(',')}}', values: '${value.toFixed(6)}+0x60' }`;
      }),
  );
  const expected = alerts.flatMap((alert) => {
    const exp = firing[alert];
    return [`      - eval_time: 30m`, `        alertname: ${alert}`, `        exp_alerts: ${exp === undefined ? '[]' : `[${exp}]`}`];
  });
  return [
    'rule_files: [rules.yml]',
    'tests:',
    '  - interval: 1m',
    '    input_series:',
    ...series,
    '    alert_rule_test:',
    ...expected,
    '',
  ].join('\n');
}

test.skipIf(!hasPromtool)('on real scrapes no alert fires while all is well, and the right ones where no worker lives', async () => {
  const openai = await startOpenAI(answerWith());
  const stack = await startStack({ ...openai.env, LANES: 'auto' });
  const worker = await stack.startWorker();
  await (await stack.watch(await stack.submit({ content: 'Notes.' }))).until(isEnd);
  const well = { api: await scrape(stack.url), worker: await scrape(worker.url) };
  expect(runPromtool(['test', 'rules'], { 'rules.yml': rules, 'real.test.yml': testOn(well, {}) })).toBe('');

  await worker.stop();
  await stack.submit({ content: 'Others.' });
  await expect.poll(async () => (await stack.get('/api/queue/stats'))['workers']).toBe(0);
  await expect.poll(async () => seriesIn(await scrape(stack.url)).find(({ name }) => name === 'aijobs_workers_live')?.value).toBe(0);
  const page = (summary: string, anchor: string, labels = '') =>
    `{ exp_labels: { severity: page${labels} }, exp_annotations: { summary: "${summary}", runbook: "docs/troubleshooting.md#${anchor}" } }`;
  const lane = 'generate-flashcards';
  const alone = testOn(
    { api: await scrape(stack.url) },
    {
      AiJobsNoWorker: page('Jobs wait and no worker is registered.', 'no-worker'),
      AiJobsNoWorkerForLane: page(`Jobs wait in the lane ${lane} and no worker serves it.`, 'no-worker', `, lane: ${lane}`),
      AiJobsLaneStands: page(`Jobs wait in the lane ${lane} and none has ended for ten minutes.`, 'jobs-dont-complete', `, lane: ${lane}`),
      AiJobsNothingEnds: page('Jobs wait and none has ended for five minutes.', 'jobs-dont-complete'),
    },
  );
  expect(runPromtool(['test', 'rules'], { 'rules.yml': rules, 'real.test.yml': alone })).toBe('');
});
