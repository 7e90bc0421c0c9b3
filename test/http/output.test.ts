/** Outputs: parts while the job runs and the whole file, by their addresses, to those who may read the job. */
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { wav } from '../support/recordings.ts';
import { isEnd, watch } from '../support/sse.ts';
import { form, startSlices } from '../support/uploads.ts';

const ANA = { 'user-id': 'ana' };
const GATEWAY = { NODE_ENV: 'production', AUTH: 'trusted-header' };

/** A job that has ended, and its stream's events. */
async function finished(env: Record<string, string> = {}, sound = wav(20)) {
  const stack = await startSlices(env);
  await stack.startWorker();
  const { body: job } = await stack.send(form(sound, { parts: '3' }), ANA);
  const stream = await watch(stack.url + job['streamUrl']);
  const end = await stream.until(isEnd);
  const read = (path: string, headers: Record<string, string> = {}, method = 'GET') => fetch(stack.url + path, { headers, method });
  return { ...stack, job, sound, stream, end, read };
}

test('items and result say where the files are, on every way to them; what is stored holds no address', async () => {
  const { url, job, sound, stream, end, read, get, redis, keys } = await finished();
  const id = job['jobId'] as string;
  const base = `/api/jobs/${id}/output`;
  const items = stream.events.filter(({ event }) => event === 'item').map(({ data }) => data['value']);
  const size = Math.ceil(sound.length / 3);
  expect(items).toEqual(
    [0, 1, 2].map((n) => ({ outputUrl: `${base}/${n}`, type: 'audio/wav', bytes: Math.min(size, sound.length - n * size) })),
  );
  const whole = { outputUrl: base, type: 'audio/wav', bytes: sound.length };
  expect(end.data['result']['whole']).toEqual(whole);
  const status = await get(`/api/jobs/${id}?include=items`, ANA);
  expect([status['result']['whole'], status['items']]).toEqual([whole, { parts: items }]);
  const user = await watch(`${url}/api/events`, ANA);
  expect((await user.until(({ event }) => event === 'completed')).data['result']['whole']).toEqual(whole);
  user.leave();
  const stored = JSON.stringify([await redis.hgetall(keys.job(id)), await redis.lrange(keys.logs(id), 0, -1)]);
  expect(stored).not.toContain('outputUrl');
  const pieces = await Promise.all(items.map(async ({ outputUrl }) => Buffer.from(await (await read(outputUrl)).arrayBuffer())));
  expect(Buffer.concat(pieces).equals(sound)).toBe(true);
});

test('a file has a type, a length and a tag, and is read in ranges', async () => {
  const { job, sound, read } = await finished();
  const path = `/api/jobs/${job['jobId']}/output`;
  const all = await read(path);
  const tag = all.headers.get('etag') ?? '';
  const about = (response: Response) => Object.fromEntries(response.headers);
  expect([all.status, about(all)]).toMatchObject([
    200,
    { 'content-type': 'audio/wav', 'content-length': String(sound.length), 'accept-ranges': 'bytes', 'x-content-type-options': 'nosniff' },
  ]);
  expect(tag).toMatch(/^"[\w-]{43}"$/);
  expect(Buffer.from(await all.arrayBuffer()).equals(sound)).toBe(true);
  const head = await read(path, {}, 'HEAD');
  expect([head.status, about(head), await head.text()]).toMatchObject([200, { 'content-length': String(sound.length), etag: tag }, '']);

  const last = sound.length - 1;
  const ranges: [range: string, from: number, to: number][] = [
    ['bytes=0-0', 0, 1],
    ['bytes=262143-262144', 262_143, 262_145], // over the border of two pieces
    ['bytes=100-', 100, sound.length],
    ['bytes=-100', sound.length - 100, sound.length],
    ['bytes=-99999999', 0, sound.length],
    [`bytes=5-99999999`, 5, sound.length],
  ];
  for (const [range, from, to] of ranges) {
    const part = await read(path, { range });
    const got = Buffer.from(await part.arrayBuffer());
    expect([range, part.status, part.headers.get('content-range'), part.headers.get('content-length')]).toEqual([
      range,
      206,
      `bytes ${from}-${to - 1}/${last + 1}`,
      String(to - from),
    ]);
    expect(got.equals(sound.subarray(from, to))).toBe(true);
  }
  for (const range of [`bytes=${sound.length}-`, 'bytes=-0']) {
    const none = await read(path, { range });
    expect([range, none.status, none.headers.get('content-range'), ((await none.json()) as { code: string }).code]).toEqual([
      range,
      416,
      `bytes */${sound.length}`,
      'range_not_satisfiable',
    ]);
  }
  for (const range of ['bytes=5-2', 'bytes=a-b', 'bytes=0-1,4-5', 'items=0-1', 'bytes=-'])
    expect((await read(path, { range })).status).toBe(200);
  const conditions: [headers: Record<string, string>, status: number][] = [
    [{ range: 'bytes=0-9', 'if-range': tag }, 206],
    [{ range: 'bytes=0-9', 'if-range': '"other"' }, 200],
    [{ 'if-none-match': `"x", ${tag}` }, 304],
    [{ 'if-none-match': '"x"' }, 200],
  ];
  for (const [headers, status] of conditions) expect([headers, (await read(path, headers)).status]).toEqual([headers, status]);
});

test('a part is there as soon as its item came; what is not there yet is 404', async () => {
  const { startWorker, send, url } = await startSlices();
  await startWorker();
  const { body: job } = await send(form(wav(1), { trouble: 'hangs' }), ANA);
  const stream = await watch(url + job['streamUrl']);
  const { data } = await stream.until(({ event }) => event === 'item');
  expect((await fetch(url + data['value']['outputUrl'])).status).toBe(200);
  for (const rest of ['', '/1', '/00', '/-1', '/x', '/99999999999']) {
    const response = await fetch(`${url}/api/jobs/${job['jobId']}/output${rest}`);
    expect([rest, response.status, ((await response.json()) as { code: string }).code]).toEqual([rest, 404, 'not_found']);
  }
  stream.leave();
});

test("where an identity is needed an address carries the job's token, and others get the 404 of a job that is not there", async () => {
  const { job, end, read } = await finished({ ...GATEWAY }, wav(1));
  const address = end.data['result']['whole']['outputUrl'] as string;
  const [path = ''] = address.split('?');
  expect(address).toMatch(/\?token=\w+\.[\w-]{43}$/);
  const answers: [path: string, headers: Record<string, string>, status: number][] = [
    [address, {}, 200],
    [path, ANA, 200],
    [path, {}, 401],
    [path, { 'user-id': 'bob' }, 404],
    [address.replace(String(job['jobId']), `slice-audio-${'A'.repeat(32)}`), {}, 401],
    [path.replace(String(job['jobId']), `slice-audio-${'A'.repeat(32)}`), ANA, 404],
  ];
  for (const [asked, headers, status] of answers)
    expect([asked, headers, (await read(asked, headers)).status]).toEqual([asked, headers, status]);
});

test('a client that leaves in the middle of a file harms nobody', async () => {
  const { job, read, sound, api } = await finished();
  const path = `/api/jobs/${job['jobId']}/output`;
  const leaving = new AbortController();
  const response = await fetch(api.url + path, { signal: leaving.signal });
  await response.body?.getReader().read();
  leaving.abort();
  expect(Buffer.from(await (await read(path)).arrayBuffer()).equals(sound)).toBe(true);
  expect(api.log().filter(({ level }) => Number(level) >= 50)).toEqual([]);
});

test('who leaves so many answers unread gets no more before they are read or given up; nobody else notices', async () => {
  const { url, job, get } = await finished({ MAX_DOWNLOAD_MB_PER_USER: '1', FILES_MAX_MB: '400' }, wav(25, { sampleRate: 200_000 }));
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: 12 }, () => {
    const socket = connect(Number(port), hostname)
      .pause()
      .on('error', () => {});
    onTestFinished(() => void socket.destroy());
    socket.write(`GET /api/jobs/${job['jobId']}/output HTTP/1.1\r\nhost: localhost\r\nuser-id: ana\r\n\r\n`);
    return socket;
  });
  const held = async () => (await get('/api/queue/stats', { 'user-id': 'bob' }))['held'].answers;
  const ask = (headers: Record<string, string> = ANA) => fetch(`${url}/api/jobs`, { headers });
  await expect.poll(async () => (await ask()).status).toBe(429);
  const refused = await ask();
  expect([refused.headers.get('retry-after'), await refused.json()]).toMatchObject(['2', { code: 'too_many_open' }]);
  expect(await (await fetch(`${url}/api/events`, { headers: { ...ANA, accept: 'text/event-stream' } })).text()).toBe('retry: 5000\n\n');
  const { holders, held: bytes } = await held();
  expect([holders, bytes <= 1024 * 1024]).toEqual([1, true]);
  expect((await ask({ 'user-id': 'bob' })).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await expect.poll(async () => (await ask()).status).toBe(200);
  expect(await held()).toEqual({ held: 0, holders: 0, waiting: 0 });
});
