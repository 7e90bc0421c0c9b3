/** Requests as clients really write them: what is meant is taken, what is not known is named, and what can't be read is refused with a reason. */
import { expect, test } from 'vitest';
import { createDice } from '../support/dice.ts';
import { wav } from '../support/recordings.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';
import { openQueue } from '../support/queue.ts';
import { watch } from '../support/sse.ts';
import { form, json, send, startSlices } from '../support/uploads.ts';

const ANA = { 'user-id': 'ana' };
const PATH = '/api/ai/generate-flashcards';
const JSON_TYPE = { 'content-type': 'application/json' };

async function post(
  { url }: Pick<Stack, 'url'>,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  path = PATH,
) {
  const response = await fetch(url + path, { method: 'POST', headers: { ...ANA, ...JSON_TYPE, ...headers }, body });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, any> };
}

/** The input of a job, as it is kept for the worker. */
async function inputOf(stack: Stack, jobId: string): Promise<Record<string, unknown>> {
  const { redis, keys } = await openQueue(stack.prefix);
  return (JSON.parse((await redis.hget(keys.job(jobId), 'data')) ?? '{}') as { input: Record<string, unknown> }).input;
}

test('fields that are not known are named with the job, and are no part of what makes two submissions the same', async () => {
  const stack = await startStack();
  const key = { 'idempotency-key': 'k' };
  const first = await post(stack, '{"content":"Hund: dog","callbackurl":"https://a.example","cuont":3}', key);
  expect([first.status, first.body['ignored']]).toEqual([202, ['callbackurl', 'cuont']]);
  const path = `/api/jobs/${first.body['jobId']}`;
  expect((await stack.get(path, ANA))['ignored']).toEqual(['callbackurl', 'cuont']);
  expect(await inputOf(stack, first.body['jobId'])).toEqual({ content: 'Hund: dog', count: 10 });

  const replayed = await post(stack, '{"content":"Hund: dog","other":1}', key);
  expect([replayed.headers.get('idempotent-replayed'), replayed.body['jobId'], replayed.body['ignored']]).toEqual([
    'true',
    first.body['jobId'],
    ['other'],
  ]);
  const clean = await post(stack, '{"content":"Hund: dog"}', key);
  expect([clean.headers.get('idempotent-replayed'), 'ignored' in clean.body]).toEqual(['true', false]);
  expect((await stack.get(path, ANA))['ignored']).toEqual(['callbackurl', 'cuont']); // the job's own
});

test('the first frame of a stream that a POST opens names them, too', async () => {
  const stack = await startStack();
  const init = { method: 'POST', body: '{"content":"Hund: dog","lang":"de"}' };
  const stream = await watch(stack.url + PATH, { ...ANA, ...JSON_TYPE }, init);
  expect((await stream.until(({ event }) => event === 'status')).data).toMatchObject({ status: 'waiting', ignored: ['lang'] });
});

test('of many names 20 are told, of long ones 64 characters, and none is read as anything else', async () => {
  const stack = await startStack();
  const names = [
    '__proto__',
    'constructor',
    'a"b\\\n\u0000',
    '\ud83d',
    '日'.repeat(100),
    ...Array.from({ length: 30 }, (_, n) => `${n}x${'y'.repeat(80)}`),
  ];
  const fields = names.map((name) => `${JSON.stringify(name)}:1`).join(',');
  const { status, body } = await post(stack, `{"content":"Hund: dog",${fields}}`, { 'user-id': '\u00e9'.repeat(128) });
  expect(status).toBe(202);
  expect(body['ignored']).toHaveLength(20);
  expect(body['ignored'].slice(0, 5)).toEqual(['__proto__', 'constructor', 'a"b\\\ufffd\ufffd', '\ufffd', '日'.repeat(64)]);
  expect(body['ignored'].at(-1)).toHaveLength(64);
  expect((await stack.get(body['statusUrl']))['ignored']).toEqual(body['ignored']);
});

test('forms name them as JSON does, and so does what a second job is given', async () => {
  const stack = await startSlices();
  const sent = await stack.send(form(wav(1), { patrs: '3', tags: ['a'] }), ANA);
  expect([sent.status, sent.body['ignored']]).toEqual([202, ['patrs']]);

  const other = await startStack();
  const image = 'iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAYAAAAf8/9hAAAAFElEQVR42mP8z8BQz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC';
  const thenInput = { count: null, difficulty: null, cuont: 3 };
  const job = await post(
    other,
    JSON.stringify({ image, then: 'flashcards', thenInput, languages: null, extra: 1 }),
    {},
    '/api/process-image',
  );
  expect([job.status, job.body['ignored']]).toEqual([202, ['extra', 'thenInput.cuont']]);
  expect(await inputOf(other, job.body['jobId'])).toMatchObject({ languages: ['en'], thenInput: { count: 10 } });
});

test('null for an optional field is as if it were absent; for one that must be there it is not', async () => {
  const stack = await startStack();
  const all = {
    subject: null,
    topic: null,
    count: null,
    language: null,
    difficulty: null,
    userId: null,
    callbackUrl: null,
    pushToken: null,
  };
  const taken = await post(stack, JSON.stringify({ content: 'Hund: dog', ...all }));
  expect([taken.status, taken.body['ignored']]).toEqual([202, undefined]);
  expect(await inputOf(stack, taken.body['jobId'])).toEqual({ content: 'Hund: dog', count: 10 });
  const refused = await post(stack, '{"content":null}');
  expect([refused.status, refused.body['errors'][0].pointer]).toEqual([400, '#/content']);
  expect((await send((await startSlices()).url, ...json(null))).body['errors']).toEqual([{ pointer: '#/audio', detail: 'must be a file' }]);
});

test('a language may be written as a locale', async () => {
  const stack = await startStack();
  for (const [written, meant] of [
    ['en_US', 'en-US'],
    ['zh_Hant_TW', 'zh-Hant-TW'],
    ['pt-BR', 'pt-BR'],
  ]) {
    const { body } = await post(stack, JSON.stringify({ content: 'Hund: dog', language: written }));
    expect((await inputOf(stack, body['jobId']))['language']).toBe(meant);
  }
  expect((await post(stack, '{"content":"Hund: dog","language":"en__US"}')).status).toBe(400);
});

test('halves of surrogate pairs reach nobody, wherever they stand', async () => {
  const stack = await startStack();
  const { body } = await post(stack, String.raw`{"content":"a \ud83d b 😀 \ud83d\ude00 \\ud83d","topic":"\uDe00","subject":"\\\ud83d"}`);
  expect(await inputOf(stack, body['jobId'])).toMatchObject({ content: 'a \ufffd b 😀 😀 \\ud83d', topic: '\ufffd', subject: '\\\ufffd' });
});

test('JSON that is no UTF-8 is 400; a charset or a coding that is not ours is 415, and never decoded', async () => {
  const stack = await startStack();
  const latin1 = new Uint8Array(Buffer.from('{"content":"K\xe4se: cheese"}', 'latin1'));
  const utf16 = new Uint8Array(Buffer.from('{"content":"Hund: dog"}', 'utf16le'));
  const plain = '{"content":"Hund: dog"}';
  const cases: [body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>, expected: [number, string | undefined]][] = [
    [latin1, {}, [400, 'invalid_json']],
    [utf16, {}, [400, 'invalid_json']],
    [`\ufeff${plain}`, {}, [202, undefined]],
    [plain, { 'content-type': 'application/json; charset=utf-8' }, [202, undefined]],
    [plain, { 'content-type': 'application/json;charset="UTF8"' }, [202, undefined]],
    [latin1, { 'content-type': 'application/json; charset=iso-8859-1' }, [415, 'unsupported_media_type']],
    [utf16, { 'content-type': 'application/json; charset="utf-16le"' }, [415, 'unsupported_media_type']],
    [plain, { 'content-encoding': 'identity' }, [202, undefined]],
    [plain, { 'content-encoding': 'gzip' }, [415, 'unsupported_media_type']],
    [plain, { 'content-encoding': 'br, gzip' }, [415, 'unsupported_media_type']],
  ];
  for (const [body, headers, expected] of cases) {
    const seen = await post(stack, body, headers);
    expect([headers, seen.status, seen.body['code']]).toEqual([headers, ...expected]);
  }
  const { send: sendForm } = await startSlices();
  const part = (type: string) => `--b\r\ncontent-disposition: form-data; name="title"\r\ncontent-type: ${type}\r\n\r\na\r\n--b--\r\n`;
  const type = { 'content-type': 'multipart/form-data; boundary=b' };
  expect((await sendForm(part('text/plain; charset=iso-8859-1'), type)).status).toBe(415);
  expect((await sendForm(part('text/plain; charset=utf-8'), type)).body['errors']).toEqual([
    { pointer: '#/audio', detail: 'must be a file' },
  ]);
});

test('base64 may be wrapped, padded or not, and of either alphabet; a data URI may be wrapped, too', async () => {
  const stack = await startSlices();
  const digests = new Set<string>();
  const sound = wav(1, { seed: 7 });
  const dice = createDice(1);
  const ways: ((text: string) => string)[] = [
    (text) => text,
    (text) => text.replaceAll(/.{76}/g, '$&\r\n'),
    (text) => text.replaceAll(/.{64}/g, '$&\n'),
    (text) => `${text}\n`,
    (text) => ` ${text}`,
    (text) => text.replaceAll(/.{60}/g, '$&\n  '),
  ];
  for (const way of ways) {
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = way(sound.toString(encoding).replace(/=+$/, (padding) => (dice(2) === 0 ? padding : '')));
      for (const value of [text, `data:audio/wav;base64,${text}`]) {
        const { status, body } = await stack.send(...json(value));
        expect([encoding, value.slice(0, 80), status, body['detail']]).toEqual([encoding, value.slice(0, 80), 202, undefined]);
        const data = JSON.parse((await stack.redis.hget(stack.keys.job(body['jobId']), 'data')) ?? '{}') as {
          input: { audio: { digest: string } };
        };
        digests.add(data.input.audio.digest);
      }
    }
  }
  expect(digests.size).toBe(1);
  for (const bad of ['AAA=AAA', 'A', 'data:audio/wav,AAAA', 'AA$A', '"AAAA"']) expect((await stack.send(...json(bad))).status).toBe(400);
});

test('a wrapped file of the largest size has room in a body', async () => {
  const stack = await startSlices();
  const large = Buffer.alloc(10 * 1024 * 1024);
  wav(1).copy(large);
  const { status, body } = await stack.send(...json(large.toString('base64').replaceAll(/.{76}/g, '$&\r\n')));
  expect([status, body['code']]).toEqual([202, undefined]);
});

test('a form may begin with a line break or a preamble, however its bytes come', async () => {
  const stack = await startSlices();
  const sound = wav(0.2);
  const head = '--b\r\ncontent-disposition: form-data; name="audio"; filename="a.wav"\r\n\r\n';
  const whole = (preamble: string) => Buffer.concat([Buffer.from(preamble + head), sound, Buffer.from('\r\n--b--\r\n')]);
  const type = { 'content-type': 'multipart/form-data; boundary=b' };
  const preambles = [
    '',
    '\r\n',
    '\r\n\r\n',
    'This is a message in several parts.\r\n',
    'Two\r\nlines, --b and\n--b\r\n\r\n',
    `${'x'.repeat(8000)}\r\n`,
  ];
  for (const preamble of preambles) {
    for (const size of [1, 3, 7, 1000, 1_000_000]) {
      const bytes = whole(preamble);
      let at = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at >= bytes.length) return controller.close();
          const step = at < preamble.length + 200 ? size : 4096;
          controller.enqueue(new Uint8Array(bytes.subarray(at, at + step)));
          at += step;
        },
      });
      const { status, body: answer } = await stack.send(body, type);
      expect([preamble.slice(0, 20), size, status, answer['detail']]).toEqual([preamble.slice(0, 20), size, 202, undefined]);
    }
  }
  const lost = await stack.send('x'.repeat(200_000), type);
  expect([lost.status, lost.body['code']]).toEqual([400, 'invalid_input']);
});
