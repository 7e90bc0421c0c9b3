/** Tests files of jobs in the bucket: they outlive Redis, are read in ranges, by their owner alone, and go with their job. */
import { expect, test } from 'vitest';
import { archived, as, forgetAll, rowsOf, send, start, type Setup } from '../support/archive.ts';
import { PATH, programs } from '../support/spoken.ts';
import { isEnd, watch } from '../support/sse.ts';

const TEXT = 'The sun is warm. The sea is cold.';

/** Has a text spoken, and resolves with the job when the archive has it. */
async function speak(setup: Setup): Promise<Record<string, any>> {
  const { stack, ana } = setup;
  const response = await fetch(`${stack.url}/api/ai/generate-audio`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...as(ana) },
    body: JSON.stringify({ text: TEXT, format: 'wav' }),
  });
  const submitted = (await response.json()) as Record<string, any>;
  await (await watch(stack.url + submitted['streamUrl'])).until(isEnd);
  await archived(setup, 1);
  return stack.get(`/api/jobs/${submitted['jobId']}`, as(ana));
}

const objects = ({ project }: Setup) => project.sql("select name from storage.objects where bucket_id = 'job-files' order by name");

test.skipIf(!programs.espeak).each([{ ranges: true }, { ranges: false }])(
  'the files of a job that Redis has forgotten are given whole and in parts, where Storage has ranges: $ranges',
  async ({ ranges }) => {
    const setup = await start({ PATH }, { ranges });
    const { stack, ana, bob } = setup;
    const job = await speak(setup);
    const { outputUrl, bytes } = job['result'].audio as { outputUrl: string; bytes: number };
    const live = await fetch(stack.url + outputUrl);
    const whole = Buffer.from(await live.arrayBuffer());
    expect(whole.byteLength).toBe(bytes);
    const [row] = await rowsOf(setup);
    expect(row?.['files']).toContainEqual({ name: 'out:whole', type: 'audio/wav', bytes, digest: live.headers.get('etag')?.slice(1, -1) });
    expect((await objects(setup)).map(({ name }) => name)).toContain(`${ana.id}/${job['jobId']}/whole`);

    await forgetAll(setup);
    const headersOf = (response: Response) => {
      const names = ['content-type', 'content-length', 'etag', 'accept-ranges', 'x-content-type-options', 'cache-control'];
      return names.map((name) => response.headers.get(name));
    };
    const again = await fetch(stack.url + outputUrl);
    expect([again.status, headersOf(again)]).toEqual([200, headersOf(live)]);
    expect(whole.equals(Buffer.from(await again.arrayBuffer()))).toBe(true);

    const path = new URL(outputUrl, stack.url).pathname;
    const ask = (headers: Record<string, string>, method = 'GET') => send(setup, method, path, headers);
    const part = await ask({ ...as(ana), range: 'bytes=100-299' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-299/${bytes}`]);
    expect(whole.subarray(100, 300).equals(Buffer.from(await part.arrayBuffer()))).toBe(true);
    const tail = await ask({ ...as(ana), range: 'bytes=-10' });
    expect(whole.subarray(-10).equals(Buffer.from(await tail.arrayBuffer()))).toBe(true);
    expect((await ask({ ...as(ana), range: `bytes=${bytes}-` })).status).toBe(416);
    expect((await ask({ ...as(ana), 'if-none-match': live.headers.get('etag') ?? '' })).status).toBe(304);
    const head = await ask(as(ana), 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes)]);
    expect((await send(setup, 'GET', `${path}/0`, as(ana))).status).toBe(200);
    expect((await send(setup, 'GET', `${path}/99`, as(ana))).status).toBe(404);
    expect((await ask(as(bob))).status).toBe(404);
    expect((await ask({})).status).toBe(401);

    const name = `${ana.id}/${job['jobId']}/whole`;
    expect((await ana.client.storage.from('job-files').download(name)).data?.size).toBe(bytes);
    expect((await bob.client.storage.from('job-files').download(name)).error).not.toBeNull();

    expect((await send(setup, 'DELETE', `/api/jobs/${job['jobId']}`, as(ana))).status).toBe(204);
    expect([await objects(setup), await rowsOf(setup)]).toEqual([[], []]);
  },
);

test.skipIf(!programs.espeak)('the files of a user who was deleted go, though no row leads to them any more', async () => {
  const setup = await start({ PATH, SUPABASE_WEBHOOK_SECRET: 'what-the-database-shows' });
  const { stack, project, ana } = setup;
  await speak(setup);
  await forgetAll(setup);
  await project.deleteUser(ana.id);
  expect([(await objects(setup)).length > 0, await rowsOf(setup)]).toEqual([true, []]);
  const told = await fetch(`${stack.url}/webhooks/supabase`, {
    method: 'POST',
    headers: { authorization: 'Bearer what-the-database-shows', 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'DELETE', schema: 'auth', table: 'users', old_record: { id: ana.id } }),
  });
  expect(told.status).toBe(200);
  await expect.poll(() => objects(setup)).toEqual([]);
});

test.skipIf(!programs.espeak)(
  'a file that Storage does not take is left out, and the row comes all the same; while Storage is away both wait',
  async () => {
    const setup = await start({ PATH });
    const { project } = setup;
    let asked = 0;
    project.answer(({ method, url }) => {
      if (method !== 'POST' || !url.includes('/storage/v1/object/')) return undefined;
      asked++;
      if (asked < 3) return Response.json({ statusCode: '503', error: 'no', message: 'no' }, { status: 400 });
      return url.endsWith('/whole') ? Response.json({ statusCode: '413', error: 'no', message: 'too large' }, { status: 400 }) : undefined;
    });
    await speak(setup);
    const [row] = await rowsOf(setup);
    expect(row?.['files'].map(({ name }: { name: string }) => name)).toEqual(['out:0']);
    expect(asked).toBeGreaterThan(3);
    expect(setup.stack.api.log().some(({ code }) => code === 'out:whole: status 413')).toBe(true);
  },
);
