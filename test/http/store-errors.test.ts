/** An error of Redis that no part has put in words: it is trouble that passes, and no fault of the server. */
import { Hono } from 'hono';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { AppEnv } from '../../src/http/context.ts';
import { answerErrors } from '../../src/http/problems.ts';
import { connect } from '../../src/store/redis-connection.ts';

test('a route whose command Redis does not take answers 503 with when to come back', async () => {
  const redis = connect('redis://127.0.0.1:1', 'fail', () => {});
  onTestFinished(() => redis.disconnect());
  const app = new Hono<AppEnv>();
  app.onError(answerErrors(pino({ enabled: false })));
  app.get('/', async (c) => c.text((await redis.get('anything')) ?? ''));
  const response = await app.request('/');
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await response.json()).toMatchObject({ code: 'queue_unavailable', retryable: true });
});
