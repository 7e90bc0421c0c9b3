/** Large uploads against a real process: whatever is sent, it stays small. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { noise, wav } from '../support/recordings.ts';
import { createStack, startProcess } from '../support/stack.ts';
import { form, json, send } from '../support/uploads.ts';

const MB = 1024 * 1024;

/** The most memory that a process has had so far, in MB, as Linux counts it. */
const peak = (pid: number) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** A form with one file of so many MB, which comes in pieces and without a length. */
function stream(mb: number): ReadableStream<Uint8Array> {
  const piece = noise(MB);
  let sent = 0;
  return new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from('--b\r\ncontent-disposition: form-data; name="audio"; filename="a"\r\n\r\n')),
    pull(controller) {
      if (sent++ < mb) controller.enqueue(piece);
      else controller.close();
    },
  });
}

test.skipIf(!existsSync('/proc/self/status'))(
  'for 100 MB 300 MB are enough, and 400 MB for thirty files of 10 MB at once, of which some get through',
  async () => {
    const start = (env: Record<string, string>) =>
      startProcess('test/support/slices-process.ts', { ...env, ROLE: 'api', AI_PROVIDER: 'slicer', RATE_LIMIT_MAX: '1000' });
    const { api, url } = await createStack({ api: start, worker: start }, { FILES_MAX_MB: '1000' });
    const type = { 'content-type': 'multipart/form-data; boundary=b' };
    expect(await send(url, stream(100), type)).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
    // A recording of 10 MB in less than half a minute has a high rate.
    const sound = wav(25, { sampleRate: 200_000 });
    expect((await send(url, form(sound))).status).toBe(202);
    expect((await send(url, ...json(sound.toString('base64')))).status).toBe(202);
    expect(peak(api.pid)).toBeLessThan(300);
    const statuses = await Promise.all(
      Array.from({ length: 30 }, async (_, n) => (await send(url, form(sound), { 'user-id': `u${n}` })).status),
    );
    expect(statuses.filter((status) => status !== 202 && status !== 503)).toEqual([]);
    expect(statuses).toContain(202);
    expect(peak(api.pid)).toBeLessThan(400);
    expect((await send(url, form(wav(1)))).status).toBe(202);
  },
  120_000,
);
