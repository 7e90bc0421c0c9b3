/** What vendors refuse, in every dress in which they do: the code it gets, when the job comes back, and that nothing is owed for it. `VARIANTS=20000` tries thousands. */
import { expect, test } from 'vitest';
import type { ProblemCode } from '../../../src/job/problem.ts';
import { retryDelayMs } from '../../../worker/vendors/retry-delay.ts';
import { toRefusalProblem } from '../../../worker/vendors/refusal.ts';
import { createDice } from '../../support/dice.ts';
import { variants } from '../../support/variants.ts';

/** A refusal: the status that it has, and what names it. */
type Refusal = { status: number; code?: string | number | null; type?: string | null; message: string; expected: ProblemCode };

const REFUSALS: readonly Refusal[] = [
  { status: 402, message: 'Insufficient credits', expected: 'provider_quota_exceeded' },
  { status: 429, code: 'insufficient_quota', type: 'insufficient_quota', message: 'Check your plan.', expected: 'provider_quota_exceeded' },
  { status: 429, code: null, type: 'insufficient_quota', message: 'Check your plan.', expected: 'provider_quota_exceeded' },
  { status: 429, code: 'billing_not_active', type: 'billing_not_active', message: 'Not active.', expected: 'provider_quota_exceeded' },
  {
    status: 400,
    code: 'billing_hard_limit_reached',
    type: 'invalid_request_error',
    message: 'Limit.',
    expected: 'provider_quota_exceeded',
  },
  { status: 403, code: 'QuotaExceeded', message: 'No.', expected: 'provider_quota_exceeded' },
  {
    status: 402,
    code: 'invalid_request_error',
    type: 'unknown_error',
    message: 'Insufficient Balance',
    expected: 'provider_quota_exceeded',
  },
  { status: 400, type: 'invalid_request_error', message: 'Your credit balance is too low.', expected: 'provider_quota_exceeded' },
  { status: 400, code: 'FAILED_PRECONDITION', message: 'User location is not supported.', expected: 'provider_unauthorized' },
  { status: 401, code: 'invalid_api_key', type: 'invalid_request_error', message: 'Incorrect key.', expected: 'provider_unauthorized' },
  { status: 401, message: 'No auth credentials found', expected: 'provider_unauthorized' },
  { status: 400, code: 'API_KEY_INVALID', message: 'Not valid.', expected: 'provider_unauthorized' },
  { status: 403, type: 'permission_error', message: 'No.', expected: 'provider_unauthorized' },
  { status: 403, code: 'unsupported_country_region_territory', message: 'No.', expected: 'provider_unauthorized' },
  { status: 403, message: 'Forbidden', expected: 'provider_unauthorized' },
  { status: 429, code: 'rate_limit_exceeded', type: 'tokens', message: 'Rate limit reached.', expected: 'provider_rate_limited' },
  { status: 429, type: 'rate_limit_error', message: 'Slow down.', expected: 'provider_rate_limited' },
  { status: 429, code: 'RESOURCE_EXHAUSTED', message: 'You exceeded your current quota.', expected: 'provider_rate_limited' },
  { status: 429, message: 'Too many requests', expected: 'provider_rate_limited' },
  { status: 413, code: 'rate_limit_exceeded', type: 'tokens', message: 'Request too large for a minute.', expected: 'provider_rejected' },
  { status: 400, code: 'context_length_exceeded', message: 'Too long.', expected: 'provider_rejected' },
  { status: 404, code: 'model_not_found', type: 'invalid_request_error', message: 'No such model.', expected: 'provider_rejected' },
  { status: 410, message: 'Gone', expected: 'provider_rejected' },
  { status: 404, code: 'model_not_found', message: 'The model `gpt-4o` has been deprecated, learn more', expected: 'provider_rejected' },
  { status: 404, code: 'model_deprecated', message: 'Choose another one.', expected: 'provider_rejected' },
  { status: 400, code: 'model_decommissioned', type: 'invalid_request_error', message: 'No.', expected: 'provider_rejected' },
  { status: 400, type: 'invalid_model', message: 'Invalid model: x', expected: 'provider_rejected' },
  { status: 403, message: "The model 'gpt-4o' has been shut down.", expected: 'provider_rejected' },
  { status: 400, code: 'content_filter', message: 'Filtered.', expected: 'provider_refused' },
  { status: 400, code: 'data_inspection_failed', message: 'Filtered.', expected: 'provider_refused' },
  { status: 503, code: 'engine_overloaded', message: 'Busy.', expected: 'provider_unavailable' },
  { status: 529, type: 'overloaded_error', message: 'Busy.', expected: 'provider_unavailable' },
  { status: 500, message: 'Internal error', expected: 'provider_unavailable' },
  { status: 408, message: 'Timeout', expected: 'provider_timeout' },
];

/** A dress: the status of HTTP, undefined where the error came in an answer of 200, and the body. */
type Dress = (refusal: Refusal) => { status?: number; body: unknown };

const inner = ({ status, code, type, message }: Refusal): Record<string, unknown> => ({
  message,
  ...(type !== undefined && { type }),
  code: code === undefined ? status : code,
});

/** The status stands where a server that answers 200 has it. */
const told = (refusal: Refusal) => ({ ...inner(refusal), status: refusal.status });

const DRESSES: Record<string, Dress> = {
  'its own status': (refusal) => ({ status: refusal.status, body: { error: inner(refusal) } }),
  'its own status, the code in a text': (refusal) => ({
    status: refusal.status,
    body: { error: { ...inner(refusal), code: String(inner(refusal)['code']) } },
  }),
  'status 200': (refusal) => ({ body: { ...told(refusal) } }),
  'status 200, the number only': ({ status, message, ...rest }) => ({
    body: { message, code: rest.code ?? status, type: rest.type ?? null, status },
  }),
  'a gateway that failed with it': (refusal) => ({
    status: 502,
    body: {
      error: {
        message: 'Provider returned error',
        code: 502,
        metadata: { provider_name: 'X', raw: JSON.stringify({ error: told(refusal) }) },
      },
    },
  }),
  'a list of one': (refusal) => ({
    status: refusal.status,
    body: [{ error: { ...inner(refusal), code: refusal.status, status: refusal.code ?? refusal.type } }],
  }),
  'an inner error': (refusal) => ({
    status: refusal.status,
    body: { error: { code: 'BadRequest', message: 'See inner.', innererror: inner(refusal) } },
  }),
  'the error itself': (refusal) => ({ status: refusal.status, body: { object: 'error', ...inner(refusal), param: null } }),
  'details with a reason': (refusal) => ({
    status: refusal.status,
    body: {
      error: {
        code: refusal.status,
        message: refusal.message,
        details: [{ '@type': 'x/ErrorInfo', reason: refusal.code ?? refusal.type }],
      },
    },
  }),
  'errors in a list': (refusal) => ({ status: refusal.status, body: { success: false, errors: [inner(refusal)] } }),
};

test.each(REFUSALS)('$status $code $type "$message" is $expected in every dress', (refusal) => {
  for (const [name, dress] of Object.entries(DRESSES)) {
    expect([name, toRefusalProblem('the provider', dress(refusal)).code]).toEqual([name, refusal.expected]);
  }
});

test('a code in other letters, with a namespace, around other fields: the same refusal', () => {
  const dice = createDice(variants.seed);
  const dresses = Object.values(DRESSES);
  const styles = [
    (code: string) => code,
    (code: string) => code.toUpperCase(),
    (code: string) => code.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    (code: string) => code.replaceAll('_', '-'),
    (code: string) => `com.vendor.api#${code}`,
    (code: string) => `${code}:http://vendor.example/errors`,
  ];
  for (let run = 0; run < variants.count; run++) {
    const refusal = REFUSALS[dice(REFUSALS.length)] as Refusal;
    const style = styles[dice(styles.length)] as (code: string) => string;
    const dressed = (dresses[dice(dresses.length)] as Dress)({
      ...refusal,
      ...(typeof refusal.code === 'string' && { code: style(refusal.code) }),
      ...(typeof refusal.type === 'string' && { type: style(refusal.type) }),
    });
    const noise = { request_id: 'req_1', user_id: 'u', input: { message: 'insufficient_quota 401', code: 'invalid_api_key' } };
    const body = Array.isArray(dressed.body) ? dressed.body : { ...noise, ...(dressed.body as object) };
    const { code, detail } = toRefusalProblem('the provider', { ...dressed, body });
    expect({ run, refusal, code }).toEqual({ run, refusal, code: refusal.expected });
    expect(detail).not.toContain(refusal.message);
  }
});

test('what is no JSON is told by its status, and what is nothing is trouble', () => {
  expect(toRefusalProblem('the provider', { status: 401, body: '<html>401</html>' }).code).toBe('provider_unauthorized');
  expect(toRefusalProblem('the provider', { status: 403, body: 'Out of call volume quota.' }).code).toBe('provider_quota_exceeded');
  expect(toRefusalProblem('the provider', { status: 520, body: '' }).code).toBe('provider_unavailable');
  for (const body of [undefined, null, '', [], {}, 7, { error: null }])
    expect(toRefusalProblem('the provider', { body }).code).toBe('provider_unavailable');
});

test('a filter for what a user wrote is no matter of the key', () => {
  const body = { error: { code: 403, message: 'Flagged', metadata: { reasons: ['violence'], flagged_input: 'x', provider_name: 'y' } } };
  expect(toRefusalProblem('the provider', { status: 403, body }).code).toBe('provider_refused');
});

test('to be asked to slow down is no fault of the job, whether a time is told or not', () => {
  const told = toRefusalProblem('the provider', { status: 429, headers: new Headers({ 'retry-after': '7' }), body: {} });
  expect(told.extras).toMatchObject({ retryAfterMs: 7000 });
  expect(toRefusalProblem('the provider', { body: { message: 'Rate limit exceeded', code: 429 } }).extras).toMatchObject({ forNow: true });
});

const DATE = 'Mon, 30 Nov 2026 12:00:00 GMT';
const NOON = Date.parse(DATE);

const times: [what: string, headers: Record<string, string>, body: unknown, ms: number | undefined][] = [
  ['seconds', { 'retry-after': '7' }, {}, 7000],
  ['parts of a second', { 'retry-after': '0.5' }, {}, 500],
  ['a date', { 'retry-after': 'Mon, 30 Nov 2026 12:00:09 GMT' }, {}, 9000],
  ['a date that has passed', { 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, {}, 0],
  ['milliseconds', { 'retry-after-ms': '900' }, {}, 900],
  ['milliseconds, which are finer', { 'retry-after-ms': '900', 'retry-after': '1' }, {}, 900],
  ['tokens that are used up', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '900ms' }, {}, 900],
  ['requests that are used up', { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '6m0s' }, {}, 360_000],
  [
    'tokens that are used up and requests that are not',
    {
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '6m0s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '2.5s',
    },
    {},
    2500,
  ],
  [
    'both used up',
    {
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '3s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '1h2m',
    },
    {},
    3_720_000,
  ],
  ['nothing used up', { 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': '900ms' }, {}, undefined],
  ['a limit of which nobody says what remains', { 'x-ratelimit-reset-tokens': '900ms' }, {}, undefined],
  ['seconds since the epoch', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOON / 1000 + 4) }, {}, 4000],
  ['milliseconds since the epoch', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOON + 4500) }, {}, 4500],
  ['a plain reset alone', { 'x-ratelimit-reset': '12' }, {}, 12_000],
  [
    'a date of another vendor',
    { 'anthropic-ratelimit-requests-remaining': '0', 'anthropic-ratelimit-requests-reset': '2026-11-30T12:00:03Z' },
    {},
    3000,
  ],
  ['a delay in the details', {}, [{ error: { code: 429, details: [{ '@type': 'x/RetryInfo', retryDelay: '0.9s' }] } }], 900],
  ['a delay in seconds and nanoseconds', {}, { error: { details: [{ retryDelay: { seconds: '2', nanos: 500_000_000 } }] } }, 2500],
  [
    'headers in the body',
    {},
    { error: { metadata: { headers: { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(NOON + 60_000) } } } },
    60_000,
  ],
  ['Retry-After in the body', {}, { error: { metadata: { headers: { 'Retry-After': '3' } } } }, 3000],
  ['a field in the body', {}, { error: { retry_after: 5 } }, 5000],
  ['a field in milliseconds', {}, { retry_after_ms: 250 }, 250],
  ['inside of a text in the body', {}, { error: { metadata: { raw: '{"error":{"details":[{"retryDelay":"4s"}]}}' } } }, 4000],
  ['the message alone', {}, { error: { message: 'Rate limit reached. Please try again in 1m30.5s. Visit us.' } }, 90_500],
  ['the message in words', {}, { error: { message: 'Please retry after 20 seconds.' } }, 20_000],
  ['nothing', {}, { error: { message: 'Busy' } }, undefined],
  ['nonsense', { 'retry-after': 'soon', 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': 'later' }, {}, undefined],
];

test.each(times)('when to come back: %s', (_, headers, body, ms) => {
  expect(retryDelayMs(new Headers({ date: DATE, ...headers }), body)).toBe(ms);
});

test('durations by chance are read as they were written', () => {
  const dice = createDice(variants.seed);
  for (let run = 0; run < variants.count; run++) {
    const [h, m, s, ms] = [dice(3), dice(60), dice(60), dice(1000)];
    const total = ((h * 60 + m) * 60 + s) * 1000 + ms;
    const writings: Record<string, string>[] = [
      { 'retry-after': String(total / 1000) },
      { 'retry-after-ms': String(total) },
      { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': `${h}h${m}m${s}s${ms}ms` },
      { 'x-ratelimit-remaining-requests': '-1', 'x-ratelimit-reset-requests': `${total}ms` },
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(NOON + total) },
    ];
    const headers = writings[dice(writings.length)] as Record<string, string>;
    const read = retryDelayMs(new Headers({ date: DATE, ...headers }), {});
    expect({ run, headers, ms: Math.round(read ?? -1) }).toEqual({ run, headers, ms: total });
  }
});

test.each([
  [
    404,
    { code: 'model_not_found', message: 'The model `gpt-4o-mini-tts` has been deprecated, learn more here: https://x.example' },
    /has ended the model/,
  ],
  [404, { code: null, message: 'The model `gpt-4.1-2025-04-14` has been shut down.' }, /has ended the model/],
  [400, { code: 'model_deprecated', message: 'Use another one.' }, /has ended the model/],
  [400, { message: 'Model gpt-5-mini is no longer available.' }, /has ended the model/],
  [410, { message: 'Gone' }, /has ended the model/],
  [undefined, { message: "The model 'gpt-4o' was retired." }, /has ended the model/],
  [404, { code: 'model_not_found', message: 'The model `x` does not exist or you do not have access to it.' }, /or has ended it/],
  [400, { message: 'x/y is not a valid model ID' }, /or has ended it/],
  [400, { message: 'Model Not Exist' }, /or has ended it/],
] as const)('HTTP %s with %j: the model is gone, which is said, and nobody comes back', (status, error, said) => {
  const problem = toRefusalProblem('the provider', { status, body: { error } });
  expect(problem).toMatchObject({ code: 'provider_rejected', detail: expect.stringMatching(said) });
  expect(problem.extras.retryAfterMs).toBeUndefined();
});

test.each([
  [503, 'The model is overloaded.', 'provider_unavailable'],
  [500, 'The model server was shut down.', 'provider_unavailable'],
  [undefined, 'The model server was shut down.', 'provider_unavailable'],
  [400, 'max_tokens is deprecated for this model.', 'provider_rejected'],
] as const)('HTTP %s with "%s" is no end of a model', (status, message, code) => {
  const problem = toRefusalProblem('the provider', { status, body: { error: { message } } });
  expect(problem.code).toBe(code);
  expect(problem.detail).not.toContain('ended');
});
