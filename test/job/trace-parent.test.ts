/** What is read of the header `traceparent`: https://www.w3.org/TR/trace-context/#traceparent-header */
import { expect, test } from 'vitest';
import { readPayload } from '../../src/job/record.ts';
import { readTraceParent, traceIdOf } from '../../src/job/trace-parent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const SOUND = `00-${TRACE}-${SPAN}-01`;

test('a sound header names its span and its trace', () => {
  expect(readTraceParent(SOUND)).toBe(SOUND);
  expect(readTraceParent(`00-${TRACE}-${SPAN}-00`)).toBe(`00-${TRACE}-${SPAN}-00`);
  expect(traceIdOf(SOUND)).toBe(TRACE);
  expect(traceIdOf(undefined)).toBe(undefined);
});

test('a later version is read as far as it is known', () => {
  expect(readTraceParent(`cc-${TRACE}-${SPAN}-01-what-comes`)).toBe(SOUND);
  expect(readTraceParent(`cc-${TRACE}-${SPAN}-01`)).toBe(SOUND);
});

test.each([
  undefined,
  '',
  'x',
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-1`,
  `${SOUND}-more`,
  `${SOUND}0`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `${SOUND}, ${SOUND}`,
  `00-${TRACE}"-${SPAN}-01`,
])('%s is none', (header) => {
  expect(readTraceParent(header)).toBe(undefined);
});

test('a stored payload tells its trace, if that can be read, and the same as before if it has none', () => {
  const head = { owner: 'ana', tenant: 'u:ana', ignored: 'x' };
  expect(readPayload(JSON.stringify({ ...head, traceparent: SOUND, requestId: 'r' }))).toEqual({ ...head, traceparent: SOUND });
  expect(readPayload(JSON.stringify({ ...head, traceparent: '00-x', requestId: 'r' }))).toEqual(head);
  expect(readPayload(JSON.stringify({ ...head, requestId: 'r', traceparent: SOUND }))).toEqual(head);
});
