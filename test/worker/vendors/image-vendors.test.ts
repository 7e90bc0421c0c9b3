/** Tests the vendors that read images over the network, against local servers with their wire formats and their failures. */
import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { ImageTextRequest } from '../../../worker/capabilities.ts';
import { createAzureDocument } from '../../../worker/vendors/azure-document.ts';
import { createAzureVision } from '../../../worker/vendors/azure-vision.ts';
import { openai } from '../../../worker/vendors/openai.ts';
import { createOpenAI } from '../../../worker/vendors/openai/structured-answer.ts';
import { createImageReading } from '../../../worker/vendors/openai/read-image.ts';
import type { Offer } from '../../../worker/vendors/vendor.ts';
import { analysed, AZURE_KEY, operationAt, startAzureDocument, startAzureVision, succeeded } from '../../support/azure-image.ts';
import { calm, keepReport } from '../../support/capability.ts';
import { latch, startOpenAI } from '../../support/openai.ts';
import { type Answerer, sendJson, startVendorServer } from '../../support/vendor-server.ts';

const image = async (width = 800, height = 200, type: 'png' | 'jpeg' | 'webp' = 'png') => {
  const drawn = sharp({ create: { width, height, channels: 3, background: '#fff' } });
  return { bytes: await drawn.toFormat(type).toBuffer(), type: `image/${type}` };
};

/** A request, and what it keeps. */
async function requestOf(more: Partial<ImageTextRequest> = {}): Promise<ImageTextRequest & { kept: string[] }> {
  const kept: string[] = [];
  const keepStarted = (reference: string) => void kept.push(reference);
  return { image: await image(), languages: ['en'], started: undefined, keepStarted, kept, ...more };
}

const visionAt = ({ url }: { url: string }) => createAzureVision({ endpoint: url, key: AZURE_KEY, timeoutMs: 20_000 });
const documentAt = ({ url }: { url: string }) => createAzureDocument({ endpoint: url, key: AZURE_KEY, timeoutMs: 20_000, totalMs: 20_000 });
const fails =
  (status: number, body: object = {}, headers = {}): Answerer =>
  (response) =>
    sendJson(response, status, body, headers);
const azureError = (code: string, inner?: string) => ({
  error: { code, message: 'Secret words.', ...(inner && { innererror: { code: inner } }) },
});

test('Azure Vision is sent the image and tells lines, words and their places in it', async () => {
  const server = await startAzureVision((response) => sendJson(response, 200, analysed(['Water is wet', 'Fire is hot'])));
  const { report, calls } = keepReport();
  const read = await visionAt(server)(await requestOf(), report, calm);
  expect(read).toMatchObject({ text: 'Water is wet\nFire is hot', width: 800, height: 200 });
  expect(read.lines.map(({ text, words }) => [text, words?.length])).toEqual([
    ['Water is wet', 3],
    ['Fire is hot', 3],
  ]);
  expect(read.lines[0]).toMatchObject({
    polygon: [
      [10, 12],
      [110, 12],
      [110, 44],
      [10, 44],
    ],
    words: [{ text: 'Water', confidence: 0.993 }, {}, {}],
  });
  const [call] = server.calls;
  expect(call?.url).toBe('/computervision/imageanalysis:analyze?api-version=2024-02-01&features=read');
  expect(call?.headers).toMatchObject({ 'content-type': 'application/octet-stream' });
  expect(await sharp(call?.body).metadata()).toMatchObject({ width: 800, height: 200, format: 'png' });
  expect(calls).toMatchObject([{ author: { provider: 'azure-vision' }, used: { images: 1 }, settled: true }]);
});

test('an image that is too large for the service is scaled, a small one gets a border, and places are those in the image itself', async () => {
  const server = await startAzureVision();
  const large = await visionAt(server)(await requestOf({ image: await image(16_000, 400) }), keepReport().report, calm);
  expect(await sharp(server.calls[0]?.body).metadata()).toMatchObject({ width: 8000, height: 200 });
  expect(large).toMatchObject({
    width: 16_000,
    height: 400,
    lines: [
      {
        polygon: [
          [20, 24],
          [220, 24],
          [220, 88],
          [20, 88],
        ],
      },
    ],
  });
  const small = await visionAt(server)(await requestOf({ image: await image(40, 20) }), keepReport().report, calm);
  expect(await sharp(server.calls[1]?.body).metadata()).toMatchObject({ width: 50, height: 50 });
  expect(small).toMatchObject({
    width: 40,
    height: 20,
    lines: [
      {
        polygon: [
          [10, 12],
          [40, 12],
          [40, 20],
          [10, 20],
        ],
      },
    ],
  });
});

test.for<[number, object, Record<string, string>, object]>([
  [400, azureError('InvalidRequest', 'InvalidImageSize'), {}, { code: 'content_unusable' }],
  [400, azureError('InvalidRequest', 'InvalidImageFormat'), {}, { code: 'content_unusable' }],
  [400, azureError('InvalidRequest'), {}, { code: 'provider_rejected' }],
  [401, azureError('401'), {}, { code: 'provider_unauthorized' }],
  [403, { error: { code: '403', message: 'Out of call volume quota.' } }, {}, { code: 'provider_quota_exceeded' }],
  [403, azureError('403'), {}, { code: 'provider_unauthorized' }],
  [404, {}, {}, { code: 'provider_rejected' }],
  [413, {}, {}, { code: 'content_unusable' }],
  [429, azureError('429'), { 'retry-after': '7' }, { code: 'provider_rate_limited', extras: { retryAfterMs: 7000 } }],
  [503, {}, {}, { code: 'provider_unavailable' }],
  [200, { readResult: 'odd' }, {}, { code: 'provider_bad_answer' }],
])('Azure Vision, %i %j: its error is one of ours, without its words', async ([status, body, headers, problem]) => {
  const server = await startAzureVision(fails(status, body, headers));
  const { report, calls } = keepReport();
  const error = await visionAt(server)(await requestOf(), report, calm).catch((caught: unknown) => caught);
  expect(error).toMatchObject(problem);
  expect((error as Error).message).not.toContain('Secret');
  expect(calls).toMatchObject([{ used: status === 200 ? { images: 1 } : undefined, settled: true }]);
});

test('a damaged image is told before anything is sent', async () => {
  const server = await startAzureVision();
  const whole = await image(800, 600, 'jpeg');
  const damaged = { ...whole, bytes: whole.bytes.subarray(0, whole.bytes.length / 2) };
  await expect(visionAt(server)(await requestOf({ image: damaged }), keepReport().report, calm)).rejects.toMatchObject({
    code: 'content_unusable',
  });
  expect(server.calls).toEqual([]);
});

test('Document Intelligence is polled until the text is there; words are joined to their lines, paragraphs are told apart', async () => {
  const server = await startAzureDocument({
    poll: (response, _, n) =>
      sendJson(
        response,
        200,
        n < 3 ? { status: n === 1 ? 'notStarted' : 'running' } : succeeded(['¶Water is wet', 'and cold', '¶Fire is hot']),
        { 'retry-after': '0' },
      ),
  });
  const { report, calls } = keepReport();
  const request = await requestOf({ image: await image(800, 200, 'webp') });
  const read = await documentAt(server)(request, report, calm);
  expect(read.text).toBe('Water is wet\nand cold\n\nFire is hot');
  expect(read.lines.map(({ text, words }) => [text, words?.map((word) => word.text)])).toEqual([
    ['Water is wet', ['Water', 'is', 'wet']],
    ['and cold', ['and', 'cold']],
    ['Fire is hot', ['Fire', 'is', 'hot']],
  ]);
  expect(read.lines[0]).toMatchObject({
    polygon: [
      [10, 12],
      [300, 12],
      [300, 44],
      [10, 44],
    ],
  });
  expect(server.calls[0]).toMatchObject({ url: '/documentintelligence/documentModels/prebuilt-read:analyze?api-version=2024-11-30' });
  expect((await sharp(server.calls[0]?.body).metadata()).format).toBe('jpeg'); // it does not take WebP
  expect([server.submitted(), server.polled(), request.kept.length]).toEqual([1, 3, 1]);
  expect(calls).toMatchObject([{ author: { provider: 'azure-document' }, used: { images: 1 } }]);
});

test('a reading that an earlier attempt has started is not started, and not paid for, again', async () => {
  const server = await startAzureDocument();
  const { report, calls } = keepReport();
  const started = operationAt(server.url)['operation-location'];
  expect((await documentAt(server)(await requestOf({ started }), report, calm)).text).toBe('Water is wet');
  expect([server.submitted(), server.polled()]).toEqual([0, 2]);
  expect(calls).toMatchObject([{ used: { inputTokens: 0, outputTokens: 0 } }]);
  expect(calls[0]?.used).not.toHaveProperty('images');
});

test('one that the service has forgotten is started anew', async () => {
  const server = await startAzureDocument({
    poll: (response, call) =>
      call.url.includes('/old') ? sendJson(response, 404, azureError('NotFound')) : sendJson(response, 200, succeeded(['New'])),
  });
  const started = operationAt(server.url, 'old')['operation-location'];
  const { report, calls } = keepReport();
  expect((await documentAt(server)(await requestOf({ started }), report, calm)).text).toBe('New');
  expect(server.submitted()).toBe(1);
  expect(calls).toMatchObject([{ used: { images: 1 } }]);
});

test('the key goes to no other server, whatever the service says', async () => {
  const other = await startVendorServer((response) => sendJson(response, 200, succeeded(['Stolen'])));
  const server = await startAzureDocument({ submit: (response) => response.writeHead(202, operationAt(other.url)).end() });
  await expect(documentAt(server)(await requestOf(), keepReport().report, calm)).rejects.toMatchObject({ code: 'provider_bad_answer' });
  const sends = await startAzureDocument({ poll: (response) => response.writeHead(302, { location: other.url }).end() });
  await expect(documentAt(sends)(await requestOf(), keepReport().report, calm)).rejects.toMatchObject({ code: 'provider_unavailable' });
  const started = operationAt(other.url)['operation-location'];
  expect((await documentAt(await startAzureDocument())(await requestOf({ started }), keepReport().report, calm)).text).toBe('Water is wet');
  expect(other.calls).toEqual([]);
});

test('polls that fail by chance cost no second reading', async () => {
  const server = await startAzureDocument({
    poll: (response, _, n) =>
      n < 4 ? sendJson(response, [500, 429, 503][n - 1] ?? 500, {}, { 'retry-after': '0' }) : sendJson(response, 200, succeeded(['Done'])),
  });
  expect((await documentAt(server)(await requestOf(), keepReport().report, calm)).text).toBe('Done');
  expect([server.submitted(), server.polled()]).toEqual([1, 4]);
});

test('what Document Intelligence refuses, at once or later, is one of our problems', async () => {
  const codeOf = async (server: { url: string }) =>
    documentAt(server)(await requestOf(), keepReport().report, calm).catch((error: { code: string }) => error.code);
  const failed = { status: 'failed', ...azureError('InvalidRequest', 'InvalidContent') };
  expect(await codeOf(await startAzureDocument({ poll: fails(200, failed) }))).toBe('content_unusable');
  expect(await codeOf(await startAzureDocument({ poll: fails(200, { status: 'odd' }) }))).toBe('provider_bad_answer');
  expect(await codeOf(await startAzureDocument({ submit: fails(400, azureError('InvalidRequest', 'InvalidContentDimensions')) }))).toBe(
    'content_unusable',
  );
  expect(await codeOf(await startAzureDocument({ submit: fails(429, {}, { 'retry-after': '3' }) }))).toBe('provider_rate_limited');
  expect(await codeOf(await startAzureDocument({ submit: fails(401, {}) }))).toBe('provider_unauthorized');
});

test('an abort reaches the socket of each vendor', async () => {
  for (const start of [startAzureVision, (answer: Answerer) => startAzureDocument({ poll: answer })]) {
    const asked = latch();
    const server = await start(() => asked.open());
    const stopping = new AbortController();
    const make = start === startAzureVision ? visionAt : documentAt;
    const reading = make(server)(await requestOf(), keepReport().report, stopping.signal);
    await asked.wait;
    stopping.abort(new Error('cancelled'));
    await expect(reading).rejects.toThrow('cancelled');
    await server.calls.at(-1)?.dropped;
  }
});

test('a model that sees is sent the image, and its lines are the text', async () => {
  const server = await startOpenAI((pen) => {
    pen.text(JSON.stringify({ lines: ['Water is wet', '', 'Fire is hot'] }));
    pen.finish('stop', { prompt_tokens: 900, completion_tokens: 20 });
  });
  const { report, calls } = keepReport();
  const read = createImageReading(
    createOpenAI({ apiKey: 'sk', baseURL: server.baseURL, model: 'local', idleTimeoutMs: 20_000, maxTokens: 1000 }),
  );
  expect(await read(await requestOf({ languages: ['de', 'fr'] }), report, calm)).toEqual({
    text: 'Water is wet\n\nFire is hot',
    width: 800,
    height: 200,
    lines: [{ text: 'Water is wet' }, { text: 'Fire is hot' }],
  });
  const [call] = server.calls;
  const part = call?.body['messages'].at(-1).content[0] as { image_url: { url: string; detail: string } } | undefined;
  expect(part?.image_url.detail).toBe('high');
  expect(await sharp(Buffer.from(part?.image_url.url.split(',')[1] ?? '', 'base64')).metadata()).toMatchObject({ width: 800, height: 200 });
  expect(call?.material).toEqual({ languages: ['de', 'fr'] });
  expect(calls[0]?.expected.inputTokens).toBeLessThan(4000); // the image counts as an image, and not as text
});

test('another server than that of OpenAI reads images only if it is said which of its models sees', async () => {
  const offered = async (variables: Record<string, string>): Promise<Offer | undefined> => {
    const deps = { guard: (_: string, work: never) => work, findProgram: () => undefined, warn() {} };
    return (await openai.offers({ OPENAI_API_KEY: 'sk', OPENAI_MODEL: 'gpt', RESPONSE_MODELS: [], ...variables }, deps)).imageText;
  };
  expect(await offered({})).toMatchObject({ available: true, author: { model: 'gpt' } });
  expect(await offered({ OPENAI_BASE_URL: 'http://localhost:1/v1' })).toEqual({ available: false, missing: ['OPENAI_VISION_MODEL'] });
  expect(await offered({ OPENAI_BASE_URL: 'http://localhost:1/v1', OPENAI_VISION_MODEL: 'llava' })).toMatchObject({
    available: true,
    author: { model: 'llava' },
  });
});
