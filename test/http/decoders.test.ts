/** Whatever bytes stand where text, numbers, cursors, ranges or JSON are expected: the request is refused or served, and never an error of ours. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { onTestFinished, expect, test } from 'vitest';
import { createDice, type Dice } from '../support/dice.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';
import { startSlices } from '../support/uploads.ts';
import { wav } from '../support/recordings.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** A form with one text before its file. `name` and `text` are bytes, one a character. */
function rawForm(name: string, text: string): [Buffer, Record<string, string>] {
  const part = `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
  const file = '--b\r\ncontent-disposition: form-data; name="audio"; filename="a.wav"\r\n\r\n';
  const body = Buffer.concat([latin1(part + file), wav(1), latin1('\r\n--b--\r\n')]);
  return [body, { 'content-type': 'multipart/form-data; boundary=b' }];
}

test("a form's text or name that is no UTF-8 is refused with its field, and what is UTF-8 is taken", async () => {
  const { send, api } = await startSlices();
  for (const bytes of ['\xff', 'caf\xe9', '\xc3\x28', '\xed\xa0\x80', '\xf0\x9f\x98', 'a\x80']) {
    const text = await send(...rawForm('title', bytes));
    expect([bytes, text.status, text.body]).toMatchObject([
      bytes,
      400,
      { code: 'invalid_input', errors: [{ pointer: '#/title', detail: 'must be text in UTF-8' }] },
    ]);
    const name = await send(...rawForm(`n${bytes}`, 'x'));
    expect([bytes, name.status, name.body]).toMatchObject([
      bytes,
      400,
      { code: 'invalid_input', errors: [{ pointer: '#', detail: 'the head of part 1, with its name and its file name, must be UTF-8' }] },
    ]);
  }
  const taken: [name: string, text: string][] = [
    ['title', Buffer.from('é日').toString('latin1')],
    ['title; filename=x', 'a field that the kind does not know'],
  ];
  for (const [name, text] of taken) expect([name, (await send(...rawForm(name, text))).status]).toEqual([name, 202]);
  expect(api.output()).not.toContain('unexpected error');
});

/** What decoders stumble over, as bytes, one a character. */
const WILD = [
  ['\xff', '\xc3\x28', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\x80', '\xe2\x82', 'caf\xe9', '\xef\xbb\xbf'],
  ['%', '%f', '%zz', '%ff', '%E0%A4%A', '%00', '%2f', '%5c', '%0d%0a', '%ed%a0%80', '%u0041', '+'],
  ['0', '-1', '1e400', '9e99', '-9e99', 'NaN', 'Infinity', '99999999999999999999', '1.', '.', '-', '0x10', '1e9'],
  ['~', `1e308~${'a'.repeat(40)}`, `-1~${'a'.repeat(40)}`, `.~${'a'.repeat(40)}`, `8640000000000001~${'a'.repeat(40)}`],
  ['bytes=', 'bytes=-', 'bytes=0-', 'bytes=-0', 'bytes=9-1', `bytes=${'9'.repeat(400)}-`, 'bytes=0-1,2-3', 'bytes=\xff-'],
  ['"', '"\\', "''", '\\', ';', ',', '=', '==', '"a', 'W/"', '*', '__proto__', 'constructor', 'data:;base64,', 'data:,%ff', 'AAA', '____'],
  ['Bearer ', 'Bearer a.b.c', 'Bearer eyJhbGciOiI\xff.e30.x', 'wait=', 'wait="\xff"', `wait=${'9'.repeat(400)}`, '1h', '99999999h'],
  ['{', '[', '{"a":"\\ud800"}', '{"\\ud800":1}', '[[[[', 'null', '"\\u0000"', '{"__proto__":{"a":1}}', 'x'.repeat(3000)],
].flat();

const one = <T>(dice: Dice, list: readonly T[]): T => list[dice(list.length)] as T;
const wild = (dice: Dice): string => Array.from({ length: 1 + dice(3) }, () => one(dice, WILD)).join(one(dice, ['', '', '-', '.']));

/** As a value of a header, or in the target of a request, where some bytes end it. */
const inTarget = (text: string) => text.replaceAll(/[\0-\x20\x7f#]/g, '');
const HEADERS = [
  ['user-id', 'authorization', 'last-event-id', 'range', 'if-range', 'if-none-match', 'idempotency-key', 'prefer', 'cancel-after'],
  ['start-within', 'accept', 'x-request-id', 'origin', 'cookie', 'x-forwarded-for', 'sec-fetch-site', 'access-control-request-headers'],
].flat();
const QUERIES = ['token', 'lastEventId', 'wait', 'include', 'limit', 'cursor', 'status', 'kind'];

type Wild = { method: string; path: string; headers: Record<string, string>; body: Buffer };

/** Makes a request of which any part may be garbage. */
function makeRequest(dice: Dice, jobId: string): Wild {
  const id = dice(3) === 0 ? inTarget(wild(dice)) : jobId;
  const [method, path] = one(dice, [
    ...['', '/events', '/output', `/output/${inTarget(wild(dice))}`, '/deliveries'].map(
      (tail) => ['GET', `/api/jobs/${id}${tail}`] as const,
    ),
    ...['/cancel', '/retry', '/deliveries/retry'].map((tail) => ['POST', `/api/jobs/${id}${tail}`] as const),
    ...[
      '/api/jobs',
      '/api/events',
      `/api/job-status/${id}`,
      '/docs/',
      '/problems/',
      '/page/',
      '/page/a/',
      '/page/admin/',
      '/client/src/',
      '/',
      '/admin/',
    ].map((known) => ['GET', dice(2) === 0 ? known : known + inTarget(wild(dice))] as const),
    ...['/api/ai/generate-flashcards', '/api/process-image', '/api/process-image', '/webhooks/supabase'].map(
      (known) => ['POST', known] as const,
    ),
    [one(dice, ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']), `/${inTarget(wild(dice))}`],
    ['DELETE', `/api/jobs/${inTarget(wild(dice))}`],
  ] as const);
  const query = Array.from({ length: dice(3) }, () => `${one(dice, QUERIES)}=${inTarget(wild(dice))}`).join('&');
  const headers: Record<string, string> = Object.fromEntries(Array.from({ length: dice(3) }, () => [one(dice, HEADERS), wild(dice)]));
  const body = method === 'POST' ? makeBody(dice, headers) : Buffer.alloc(0);
  return { method, path: query === '' ? path : `${path}?${query}`, headers, body };
}

function makeBody(dice: Dice, headers: Record<string, string>): Buffer {
  if (dice(2) === 0) {
    headers['content-type'] = 'application/json';
    const field = one(dice, ['content', 'image', 'userId', 'callbackUrl', 'pushToken', 'language', 'then', 'thenInput', '\\ud800']);
    return latin1(one(dice, [wild(dice), `{"content":"a","${field}":"${wild(dice)}"}`, `{"content":"a","${field}":${wild(dice)}}`]));
  }
  headers['content-type'] = one(dice, [
    'multipart/form-data; boundary=b',
    'multipart/form-data; boundary="b"',
    `multipart/form-data; boundary=${wild(dice)}`,
  ]);
  const name = one(dice, ['image', 'languages', 'then', 'thenInput', 'userId', wild(dice)]);
  const disposition = one(dice, [
    `form-data; name="${name}"`,
    `form-data; name=${wild(dice)}`,
    `form-data; name="${name}"; filename*=${wild(dice)}`,
    wild(dice),
  ]);
  return latin1(`--b\r\ncontent-disposition: ${disposition}\r\n${one(dice, ['', 'x: \xff\r\n'])}\r\n${wild(dice)}\r\n--b--\r\n`);
}

const toText = (request: Wild | undefined) => JSON.stringify({ ...request, body: request?.body.toString('latin1') });

/** Sends bytes as they are, and resolves with the status and a problem's code. */
async function send(agent: Agent, { url }: Stack, { method, path, headers, body }: Wild): Promise<{ status: number; text: string }> {
  const sent = request(url + '/', {
    agent,
    method,
    path: path.replaceAll(/[^\x21-\xff]/g, ''),
    headers: { ...headers, 'content-length': body.length },
  });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const { statusCode: status = 0 } = answer;
  if (/event-stream/.test(answer.headers['content-type'] ?? '')) {
    answer.destroy();
    return { status, text: '' };
  }
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
  return { status, text };
}

test('2,000 requests with garbage in any place: each is answered, and none with an error of ours', async () => {
  const stack = await startStack({ RATE_LIMIT_MAX: '100000', MAX_JOBS_PER_USER: '100000', ADMIN_TOKEN: 'operator-token' });
  const { jobId } = await stack.submit({ content: 'a' });
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  onTestFinished(() => agent.destroy());
  const dice = createDice(20);
  const faults: string[] = [];
  const statuses = new Set<number>();
  for (let n = 0; n < 2000; n += 8) {
    const requests = Array.from({ length: 8 }, () => makeRequest(dice, jobId as string));
    const answers = await Promise.all(requests.map((one) => send(agent, stack, one)));
    for (const [at, { status, text }] of answers.entries()) {
      statuses.add(status);
      if (status >= 500 || /node_modules|\n\s+at /.test(text)) faults.push(`${status} ${text} for ${toText(requests[at])}`);
    }
  }
  expect(faults).toEqual([]);
  expect([200, 202, 400, 404].filter((status) => !statuses.has(status))).toEqual([]);
  expect(stack.api.output()).not.toContain('unexpected error');
});
