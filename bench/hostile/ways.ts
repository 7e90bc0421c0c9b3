/** The ways in which one user asks too much of the API, each at full speed until it is told to stop. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { httpRequest } from '../load.ts';
import { flood, hold, type Stop, type Tally } from './sockets.ts';

/** What a way works with: the API's port, the headers that name the hostile user, and what counts its answers by status. */
export type Attack = { port: number; user: { 'user-id': string }; stop: Stop; tally: Tally };

const JSON_TYPE = { 'content-type': 'application/json' };
const MIB = 1024 * 1024;
const FORM = { 'content-type': 'multipart/form-data; boundary=b' };
const FORM_HEAD = '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n';

const get = ({ user }: Attack, path: string, headers: Record<string, string> = {}) => httpRequest('GET', path, { ...user, ...headers });
const post = ({ user }: Attack, path: string, body: object) => httpRequest('POST', path, { ...user, ...JSON_TYPE }, JSON.stringify(body));
/** The head of a request whose body is announced and comes later. */
const headOf = ({ user }: Attack, path: string, headers: Record<string, string>, length: number) =>
  httpRequest('POST', path, { ...user, ...headers, 'content-length': String(length) });

/** The ways, by name. */
export const ways: Record<string, (attack: Attack) => Promise<void>> = {
  'a form in chunks of one byte': (attack) => {
    const head = httpRequest('POST', '/api/process-image', { ...attack.user, ...FORM, 'transfer-encoding': 'chunked' });
    const piece = '1\r\nx\r\n'.repeat(4096);
    return hold(attack, { count: 4, request: head + chunk(FORM_HEAD), more: { piece, times: 1024 } });
  },
  'JSON bodies that stall': (attack) =>
    hold(attack, { count: 800, request: headOf(attack, '/api/process-image', JSON_TYPE, 9 * MIB) + `{"image":"${'A'.repeat(MIB)}` }),
  'uploads that stay idle': (attack) =>
    hold(attack, { count: 50, request: headOf(attack, '/api/process-image', FORM, 9 * MIB) + FORM_HEAD }),
  'uploads as base64': (attack) =>
    flood(attack, 12, () => post(attack, '/api/process-image', { image: 'iVBORw0KGgo'.padEnd(9 * MIB, 'A') })),
  submissions: (attack) => flood(attack, 50, () => post(attack, '/api/ai/generate-flashcards', { content: 'Hund: dog' })),
  'bodies that are no input': (attack) =>
    flood(attack, 20, () => post(attack, '/api/ai/generate-flashcards', { content: 'a'.repeat(200_000) })),
  polls: async (attack) => {
    const [job] = await submitted(attack, 1);
    await flood(attack, 50, () => get(attack, `/api/jobs/${job?.['jobId']}`));
  },
  'long polls': async (attack) => {
    const jobs = await submitted(attack, 50);
    await hold(attack, { count: 6000, request: (n) => get(attack, `/api/jobs/${jobs[n % jobs.length]?.['jobId']}?wait=25`) });
  },
  'streams that stay open': (attack) => hold(attack, { count: 8000, request: get(attack, '/api/events') }),
  'streams opened and closed': (attack) => hold(attack, { count: 50, request: get(attack, '/api/events'), closeAtFirstByte: true }),
  'streams with forged tokens': async (attack) => {
    const [job] = await submitted(attack, 1);
    await flood(attack, 50, (n) =>
      httpRequest('GET', `/api/jobs/${job?.['jobId']}/events?token=zzzzzzzzzz.${String(n).padStart(43, 'A')}`, {}),
    );
  },
  'lists with a filter': async (attack) => {
    await submitted(attack, 50);
    await flood(attack, 20, () => get(attack, '/api/jobs?status=failed&limit=100'));
  },
  erasures: async (attack) => {
    const jobs = await submitted(attack, 50);
    await flood(attack, 100, (n) => httpRequest('DELETE', `/api/jobs/${jobs[n % jobs.length]?.['jobId']}`, attack.user));
  },
  'erasures of everything': (attack) => flood(attack, 20, () => httpRequest('DELETE', '/api/me/data', attack.user)),
  'downloads that nobody reads': async (attack) => {
    const audio = { text: 'Water boils at one hundred degrees. '.repeat(300), language: 'en', format: 'wav' };
    const { outputUrl } = await spoken(attack, audio);
    await hold(attack, { count: 800, request: get(attack, outputUrl), unread: true });
  },
  'webhooks to a server that hangs': async (attack) => {
    const hanging = createServer(() => {}).listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const { port } = hanging.address() as AddressInfo;
    const body = { content: 'Hund: dog', callbackUrl: `http://127.0.0.1:${port}/` };
    await flood(attack, 8, () => post(attack, '/api/ai/generate-flashcards', body));
    hanging.closeAllConnections();
    hanging.close();
  },
  'retries and redeliveries': async (attack) => {
    const unusable = { content: 'Ok.', callbackUrl: 'http://127.0.0.1:9/' };
    const [job] = await submitted(attack, 1, '/api/ai/generate-lesson', unusable);
    const act = (path: string) => httpRequest('POST', `/api/jobs/${job?.['jobId']}/${path}`, { ...attack.user, 'content-length': '0' });
    await flood(attack, 20, (n) => act(n % 2 === 0 ? 'retry' : 'deliveries/retry'));
  },
  "guesses of the operator's token": (attack) =>
    flood(attack, 50, (n) => get(attack, '/admin/failed-jobs', { authorization: `Bearer ${String(n).padStart(20, 'x')}` })),
};

/** A chunk of a chunked body (RFC 9112, section 7.1). */
function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** Submits so many jobs, as far as the limits let it, and resolves with those that were taken. */
async function submitted(
  { port, user }: Attack,
  count: number,
  path = '/api/ai/generate-flashcards',
  body: object = { content: 'Hund: dog' },
): Promise<Record<string, string>[]> {
  const jobs: Record<string, string>[] = [];
  let refusal = '';
  for (let n = 0; n < count; n++) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { ...user, ...JSON_TYPE },
      body: JSON.stringify(body),
    });
    if (response.status === 202) jobs.push((await response.json()) as Record<string, string>);
    else refusal = await response.text();
  }
  if (jobs.length === 0) throw new Error(`no job was taken: ${refusal}`);
  return jobs;
}

/** A long recording, which espeak-ng has made. */
async function spoken({ port, user, stop }: Attack, input: object): Promise<{ outputUrl: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/api/ai/generate-audio`, {
    method: 'POST',
    headers: { ...user, ...JSON_TYPE },
    body: JSON.stringify(input),
  });
  let job = (await response.json()) as { statusUrl: string; detail?: string; result?: { audio: { outputUrl: string } } };
  if (response.status !== 202) throw new Error(job.detail);
  const { statusUrl } = job;
  while (!stop.over() && !job.result) {
    await pause(100);
    job = (await (await fetch(`http://127.0.0.1:${port}${statusUrl}`, { headers: user })).json()) as typeof job;
  }
  return { outputUrl: job.result?.audio.outputUrl ?? '/' };
}
