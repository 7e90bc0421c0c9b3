/** Images over the real stack: a photo in, by form or as base64, and the text in it out; what can't be read is told with a code. */
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { startAzureDocument, startAzureVision } from '../support/azure-image.ts';
import { print } from '../support/pages.ts';
import { isEnd } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const SENTENCE = 'Water boils at 100 degrees.';
const small = { width: 640, height: 160, size: 36 };
const drawn = print([SENTENCE], small);

/** Submits an image as a form. */
async function send(stack: Stack, image: Uint8Array, fields: [name: string, value: string][] = [], name = 'photo.png') {
  const form = new FormData();
  form.set('image', new Blob([new Uint8Array(image)], { type: 'image/png' }), name);
  for (const [field, value] of fields) form.append(field, value);
  const response = await fetch(`${stack.url}/api/process-image`, { method: 'POST', body: form });
  return { status: response.status, body: (await response.json()) as Record<string, any> };
}

const endOf = async (stack: Stack, job: Record<string, any>) => (await stack.watch(job)).until(isEnd);

test('without a key the text is read on this machine; its places and its languages are told and taken', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const languages: [string, string][] = [
    ['languages', 'en'],
    ['languages', 'de-AT'],
  ];
  const { status, body: job } = await send(stack, await drawn, languages);
  expect([status, job['jobId']]).toEqual([202, expect.stringMatching(/^process-image-/)]);
  const end = await endOf(stack, job);
  expect(end).toMatchObject({
    event: 'completed',
    data: { result: { text: SENTENCE, width: 640, height: 160, lines: [{ text: SENTENCE }] } },
  });
  expect(await stack.get(job['statusUrl'])).toMatchObject({ status: 'completed', provider: 'tesseract', attempt: 1 });
  const { kinds } = await stack.get('/api/kinds');
  expect(kinds).toContainEqual(
    expect.objectContaining({ name: 'process-image', path: '/api/process-image', available: true, provider: 'tesseract' }),
  );
});

test('base64 in JSON is the same work as a form', async () => {
  const azure = await startAzureVision();
  const stack = await startStack(azure.env);
  await stack.startWorker();
  const submit = (image: string) =>
    fetch(`${stack.url}/api/process-image`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
      body: JSON.stringify({ image, languages: ['en'] }),
    });
  const base64 = (await drawn).toString('base64');
  const first = await submit(base64);
  const again = await submit(`data:image/png;base64,${base64}`);
  expect([first.status, again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 202, 'true']);
  const job = (await first.json()) as Record<string, any>;
  expect(await endOf(stack, job)).toMatchObject({ event: 'completed', data: { result: { text: 'Water is wet' }, usage: { images: 1 } } });
  expect(await stack.get(job['statusUrl'])).toMatchObject({ provider: 'azure-vision', usage: { images: 1 } });
  expect(azure.calls.length).toBe(1);
});

test('where it is configured Document Intelligence reads, and not Azure Vision; PROVIDER_IMAGE names another', async () => {
  const [documents, vision] = [await startAzureDocument(), await startAzureVision()];
  const stack = await startStack({ ...documents.env, ...vision.env });
  const worker = await stack.startWorker();
  const { body: job } = await send(stack, await drawn);
  expect(await endOf(stack, job)).toMatchObject({ event: 'completed', data: { result: { text: 'Water is wet' } } });
  expect(await stack.get(job['statusUrl'])).toMatchObject({ provider: 'azure-document' });
  await worker.stop();
  await stack.startWorker({ PROVIDER_IMAGE: 'azure-vision' });
  const { body: other } = await send(stack, await drawn);
  await endOf(stack, other);
  expect(await stack.get(other['statusUrl'])).toMatchObject({ provider: 'azure-vision' });
});

test('what the structure of a file tells is refused at the submission, with a code and the field', async () => {
  const stack = await startStack();
  const huge = Buffer.from(await drawn);
  huge.writeUInt32BE(20_000, 16);
  huge.writeUInt32BE(20_000, 20);
  const pointer = { errors: [{ pointer: '#/image' }] };
  expect(await send(stack, Buffer.from('%PDF-1.7 …'))).toMatchObject({ status: 415, body: { code: 'unsupported_media_type', ...pointer } });
  expect(await send(stack, huge)).toMatchObject({ status: 400, body: { code: 'invalid_input', ...pointer } });
  expect(await send(stack, await drawn, [['languages', 'not a language']])).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
});

test('what only decoding tells, and a sheet without text, fail at once with a code, and the worker reads on', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const jpeg = await sharp(await drawn)
    .jpeg()
    .toBuffer();
  const sheet = await print([], small);
  for (const image of [jpeg.subarray(0, jpeg.length / 2), (await drawn).subarray(0, 2000), sheet]) {
    const { status, body: job } = await send(stack, image);
    expect(status).toBe(202);
    expect(await endOf(stack, job)).toMatchObject({ event: 'failed', data: { error: { code: 'content_unusable', retryable: false } } });
    expect(await stack.get(job['statusUrl'])).toMatchObject({ attempt: 1 });
  }
  const { body: job } = await send(stack, jpeg);
  expect(await endOf(stack, job)).toMatchObject({ event: 'completed', data: { result: { text: SENTENCE } } });
});
