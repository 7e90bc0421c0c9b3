/** Submitting files: what is taken, what is refused and why, and that nothing of a refused submission stays. */
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { isEnd, watch } from '../support/sse.ts';
import { noise, ogg, png, wav } from '../support/recordings.ts';
import { form, json, startSlices } from '../support/uploads.ts';

const ANA = { 'user-id': 'ana' };

test('a form and JSON with base64 or a data URI are the same submission; fields get the types of the schema', async () => {
  const { url, send, startWorker } = await startSlices();
  await startWorker();
  const sound = wav(1);
  const base64 = sound.toString('base64');
  const fields = { parts: 3, title: '007', tags: ['a', 'b'], loud: true, options: { deep: [1] } };
  const key = { ...ANA, 'idempotency-key': 'k' };
  const texts = { parts: '3', title: '007', tags: ['a', 'b'], loud: 'true', options: '{"deep":[1]}' };
  const first = await send(form(sound, texts), key);
  expect([first.status, first.body]).toMatchObject([202, { kind: 'slice-audio', status: 'queued' }]);
  const stream = await watch(url + first.body['streamUrl']);
  const { data } = await stream.until(isEnd);
  const facts = { type: 'audio/wav', codec: 'pcm-s16', sampleRate: 16_000, channels: 1, durationMs: 1000 };
  const audio = { facts, bytes: sound.length, digest: expect.stringMatching(/^[\w-]{43}$/) };
  expect(data).toMatchObject({ type: 'completed', result: { made: 3, input: { ...fields, audio } } });

  for (const value of [base64, `data:audio/x-any;base64,${base64}`, sound.toString('base64url')]) {
    const again = await send(...withHeaders(json(value, fields), key));
    expect([again.status, again.headers.get('idempotent-replayed'), again.body['jobId']]).toEqual([202, 'true', first.body['jobId']]);
  }
  const other = await send(form(wav(1, { seed: 2 }), texts), key);
  expect([other.status, other.body['code']]).toEqual([422, 'idempotency_key_reused']);
});

test('the same file is the same work, another one is not', async () => {
  const { send, startWorker, files } = await startSlices({ SAME_WORK_WINDOW_S: '60' });
  await startWorker();
  const [a, b, c] = [await send(form(wav(1)), ANA), await send(form(wav(1)), ANA), await send(form(wav(1, { seed: 2 })), ANA)];
  expect(b.body['jobId']).toBe(a.body['jobId']);
  expect(c.body['jobId']).not.toBe(a.body['jobId']);
  const ids = new Set((await files()).map((name) => name.split(':')[0]));
  expect(ids.size).toBeLessThanOrEqual(2);
});

test('what is no good is refused with a code that says why, and nothing of it stays', async () => {
  const { send, files, used, get } = await startSlices();
  const good = wav(1);
  const two = form(good);
  two.append('audio', new Blob([good]), 'second.wav');
  const six = form(undefined);
  for (let n = 0; n < 6; n++) six.append('audio', new Blob([good]), `${n}.wav`);
  const elsewhere = form(undefined);
  elsewhere.append('picture', new Blob([good]), 'a.wav');
  const many = form(good);
  for (let n = 0; n < 20_000; n++) many.append('tags', 'x');
  const long = { 'content-type': `multipart/form-data; boundary=b` };
  const cut = Buffer.concat([Buffer.from('--b\r\ncontent-disposition: form-data; name="audio"; filename="a"\r\n\r\n'), good]);
  const header = `--b\r\ncontent-disposition: form-data; name="audio"\r\nx: ${'y'.repeat(10_000)}\r\n\r\n\r\n--b--\r\n`;
  const at = (pointer: string) => ({ errors: [{ pointer }] });
  const cases: [what: string, submit: () => ReturnType<typeof send>, status: number, code: string, more?: object][] = [
    ['no file', () => send(form(undefined)), 400, 'invalid_input', at('#/audio')],
    ['an empty part', () => send(form(new Uint8Array())), 400, 'invalid_input', at('#/audio')],
    ['two files', () => send(two), 400, 'invalid_input', at('#/audio')],
    ['six files', () => send(six), 400, 'invalid_input', at('#/audio')],
    ['a file in another field', () => send(elsewhere), 400, 'invalid_input', at('#/picture')],
    ['20,000 parts', () => send(many), 400, 'invalid_input'],
    ['a body that is cut off', () => send(cut, long), 400, 'invalid_input'],
    ['an endless header', () => send(header, long), 400, 'invalid_input'],
    ['no boundary', () => send('x', { 'content-type': 'multipart/form-data' }), 400, 'invalid_input'],
    ['a PDF', () => send(form(Buffer.from('%PDF-1.7 and some more of it'))), 415, 'unsupported_media_type', at('#/audio')],
    ['an image', () => send(form(png(100, 100))), 415, 'unsupported_media_type', at('#/audio')],
    ['a WAV that is cut off', () => send(form(good.subarray(0, 1000))), 400, 'invalid_input', at('#/audio')],
    ['a recording of two hours', () => send(form(ogg(7200))), 400, 'invalid_input', at('#/audio')],
    ['a file of 11 MB', () => send(form(wav(344))), 413, 'payload_too_large'],
    ['base64 that is none', () => send(...json('not base64!')), 400, 'invalid_input', at('#/audio')],
    ['base64 that is cut off', () => send(...json('UklGRg=')), 400, 'invalid_input', at('#/audio')],
    ['a number', () => send(...json(7)), 400, 'invalid_input', at('#/audio')],
    ['base64 of 11 MB', () => send(...json(wav(344).toString('base64'))), 413, 'payload_too_large'],
    ['no JSON', () => send('{"audio":', { 'content-type': 'application/json' }), 400, 'invalid_json'],
    ['a list', () => send('[]', { 'content-type': 'application/json' }), 400, 'invalid_input'],
    ['another type', () => send('a=b', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'unsupported_media_type'],
    ['a wrong field', () => send(form(good, { parts: 'many' })), 400, 'invalid_input', at('#/parts')],
    ['a field twice', () => send(form(good, { title: ['a', 'b'] })), 400, 'invalid_input', at('#/title')],
    ['an object that is none', () => send(form(good, { options: '{"a":' })), 400, 'invalid_input', at('#/options')],
  ];
  for (const [what, submit, status, code, more = {}] of cases) {
    const answer = await submit();
    expect([what, answer.status, answer.body]).toMatchObject([what, status, { code, ...more }]);
  }
  expect([await files(), await used(), (await get('/api/queue/stats'))['depth']]).toEqual([[], {}, 0]);
});

test('a body of 100 MB is refused, announced or not', async () => {
  const { url, send } = await startSlices();
  const chunk = noise(1024 * 1024);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from('--b\r\ncontent-disposition: form-data; name="audio"; filename="a"\r\n\r\n')),
    pull(controller) {
      if (++sent > 100) controller.close();
      else controller.enqueue(chunk);
    },
  });
  const headers = { 'content-type': 'multipart/form-data; boundary=b' };
  const begun = await send(body, headers);
  expect([begun.status, begun.body]).toMatchObject([413, { code: 'payload_too_large' }]);
  expect(sent).toBeLessThan(100); // the rest is not read
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(
    'POST /api/slice-audio HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 104857600\r\n\r\n',
  );
  const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
  socket.destroy();
  expect(answer).toMatch(/^HTTP\/1.1 413 /);
});

test('nothing stays when the user has too many jobs, the storage is full or the client goes away', async () => {
  const { send, files, used, url, get, api } = await startSlices({ MAX_JOBS_PER_USER: '1', FILES_MAX_MB: '4' });
  const [one] = [await send(form(wav(10)), ANA)];
  expect(one.status).toBe(202);
  const refused = await send(form(wav(10)), ANA);
  expect([refused.status, refused.body['code']]).toEqual([429, 'too_many_jobs']);
  const share = await send(form(wav(1, { sampleRate: 600_000 })), { 'user-id': 'bob' });
  expect([share.status, share.body['code'], share.body['detail']]).toMatchObject([
    413,
    'payload_too_large',
    expect.stringContaining('1048576'),
  ]);

  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(
    'POST /api/slice-audio HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 400000\r\n\r\n',
  );
  socket.write(Buffer.concat([Buffer.from('--b\r\ncontent-disposition: form-data; name="audio"; filename="a"\r\n\r\n'), wav(5)]));
  socket.destroySoon();
  const left = () => api.log().filter(({ path, status }) => path === '/api/slice-audio' && status === 400);
  await expect.poll(left).toHaveLength(1);
  expect((await get('/api/queue/stats'))['depth']).toBe(1);
  expect(await files()).toEqual([`${one.body['jobId']}:in:audio`]);
  expect(await used()).toEqual({ '*': String(wav(10).length), 'user:ana': String(wav(10).length) });
});

test('a full storage is 503 with the time after which there is room, and takes nothing of the rate or the queue', async () => {
  const { send, files, get } = await startSlices({ FILES_MAX_MB: '2' });
  const sound = () => wav(12); // 384 KB: two of them are more than a user's share of 512 KB
  expect((await send(form(sound()), ANA)).status).toBe(202);
  const own = await send(form(sound()), ANA);
  expect([own.status, own.body]).toMatchObject([
    503,
    { code: 'storage_full', retryable: true, detail: expect.stringContaining('your share') },
  ]);
  expect(Number(own.headers.get('retry-after'))).toBeGreaterThan(0);
  for (const user of ['b', 'c', 'd', 'e']) expect((await send(form(sound()), { 'user-id': user })).status).toBe(202);
  const all = await send(form(sound()), { 'user-id': 'f' });
  expect([all.status, all.body]).toMatchObject([503, { code: 'storage_full', detail: expect.stringContaining('all jobs') }]);
  expect((await files()).length).toBe(5);
  expect((await get('/api/queue/stats'))['depth']).toBe(5);
});

test('sixty of the same key at once are one job with one file', async () => {
  const { send, files, used } = await startSlices();
  const sound = wav(2);
  const answers = await Promise.all(Array.from({ length: 60 }, () => send(form(sound), { ...ANA, 'idempotency-key': 'k' })));
  expect(new Set(answers.map(({ status, body }) => `${status} ${body['jobId']}`)).size).toBe(1);
  await expect.poll(async () => (await files()).length).toBe(1);
  expect((await used())['*']).toBe(String(sound.length));
});

const withHeaders = ([body, headers]: ReturnType<typeof json>, more: Record<string, string>) => [body, { ...headers, ...more }] as const;
