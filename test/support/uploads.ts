/** Submits files as clients do, to the kind of slices.ts. */
import { Redis } from 'ioredis';
import { inject, onTestFinished } from 'vitest';
import { keysUnder } from '../../src/store/keys.ts';
import { sliceParts } from './slices.ts';
import { startStack } from './stack-in-process.ts';

type Body = NonNullable<RequestInit['body']>;

/** API and worker of the kind with files, and what Redis holds of files. */
export async function startSlices(env: Record<string, string> = {}) {
  const stack = await startStack({ AI_PROVIDER: 'slicer', RATE_LIMIT_MAX: '1000', ...env }, sliceParts);
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(() => redis.disconnect());
  const keys = keysUnder(stack.prefix);
  const { files } = keys;
  return {
    ...stack,
    redis,
    keys,
    send: (body: Body, headers: Record<string, string> = {}) => send(stack.url, body, headers),
    /** The keys of all files there are, without what they begin with. */
    files: async () => (await redis.keys(`${files.of('')}*`)).map((key) => key.slice(files.of('').length)).toSorted(),
    /** What files take, as the ledger counts it, in bytes by tenant and in all (`*`). */
    used: async () => Object.fromEntries(Object.entries(await redis.hgetall(files.used)).filter(([whom]) => whom !== '@')),
  };
}

/** Posts a body to the kind's route. */
export async function send(url: string, body: Body, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/api/slice-audio`, { method: 'POST', body, headers, duplex: 'half' });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, any> };
}

/** A form with a file and other fields; a list is a field that is repeated. */
export function form(audio: Uint8Array | undefined, fields: Record<string, string | string[]> = {}, name = 'audio'): FormData {
  const data = new FormData();
  for (const [field, value] of Object.entries(fields)) for (const one of [value].flat()) data.append(field, one);
  if (audio) data.append(name, new Blob([new Uint8Array(audio)], { type: 'image/png' }), 'photo.png');
  return data;
}

/** The same as JSON. */
export function json(audio: unknown, fields: Record<string, unknown> = {}): [body: string, headers: Record<string, string>] {
  return [JSON.stringify({ audio, ...fields }), { 'content-type': 'application/json' }];
}
