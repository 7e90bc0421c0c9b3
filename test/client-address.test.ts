/** Network addresses: which requests are one tenant's where nobody is named. */
import { expect, test } from 'vitest';
import { networkOf } from '../src/client-address.ts';

test('an IPv4 address stands for itself, however it is written; an IPv6 one for its network', () => {
  expect(networkOf('10.0.0.1')).toBe('10.0.0.1');
  expect(networkOf('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(networkOf('2001:db8:1:2::1')).toBe('2001:db8:1:2::/64');
  expect(networkOf('2001:0DB8:1:2:aaaa:bbbb:cccc:dddd')).toBe('2001:db8:1:2::/64');
  expect(networkOf('::1')).toBe('0:0:0:0::/64');
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64');
  expect([networkOf(undefined), networkOf(''), networkOf('unknown')]).toEqual([undefined, '', 'unknown']);
});
