/** Tests which user a header, or a key without one, stands for. */
import { expect, test } from 'vitest';
import { byHeader } from '../../src/identity/named-user.ts';
import { digestOf } from '../../src/store/digest.ts';

const headers = (values: Record<string, string>) => (name: string) => values[name];

test('each different key is another user, and the key itself is not part of the name', () => {
  const { identifyByKey } = byHeader(false, digestOf);
  const userOf = (authorization: string) => identifyByKey?.(headers({ authorization }))?.user;
  expect(userOf('Bearer sk-one')).toBe(userOf('bearer  sk-one'));
  expect(userOf('Bearer sk-one')).not.toBe(userOf('Bearer sk-two'));
  expect(userOf('Bearer sk-one')).toMatch(/^key:[\w-]{43}$/);
  expect(userOf('Basic abc')).toBeUndefined();
  expect(userOf('Bearer ')).toBeUndefined();
  expect(identifyByKey?.(headers({}))).toBeUndefined();
});

test('a named user wins over a key, and elsewhere a key stands for nobody', () => {
  const { identify, identifyByKey } = byHeader(false, digestOf);
  const both = headers({ authorization: 'Bearer sk-one', 'user-id': 'ana' });
  expect(identifyByKey?.(both)).toEqual({ user: 'ana' });
  expect(() => identifyByKey?.(headers({ authorization: 'Bearer sk-one', 'user-id': 'a\u0000' }))).toThrow('visible characters');
  expect(identify(headers({ authorization: 'Bearer sk-one' }))).toBeUndefined();
});

test('behind a gateway only the header names a user', () => {
  expect(byHeader(true, digestOf).identifyByKey).toBeUndefined();
});
