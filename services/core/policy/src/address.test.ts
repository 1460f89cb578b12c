import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyAddress, endsInNumber, parseAddress } from './address.ts';

const spellings: readonly (readonly [string, string, string])[] = [
  ['127.0.0.1', '127.0.0.1', 'loopback'],
  ['2130706433', '127.0.0.1', 'loopback'],
  ['0x7f000001', '127.0.0.1', 'loopback'],
  ['0X7F.1', '127.0.0.1', 'loopback'],
  ['0177.0.0.1', '127.0.0.1', 'loopback'],
  ['017700000001', '127.0.0.1', 'loopback'],
  ['127.1', '127.0.0.1', 'loopback'],
  ['[::ffff:127.0.0.1]', '127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', '127.0.0.1', 'loopback'],
  ['0:0:0:0:0:FFFF:7F00:0001', '127.0.0.1', 'loopback'],
  ['0', '0.0.0.0', 'unspecified'],
  ['::', '::', 'unspecified'],
  ['[::1]', '::1', 'loopback'],
  ['169.254.169.254', '169.254.169.254', 'linkLocal'],
  ['2852039166', '169.254.169.254', 'linkLocal'],
  ['0xa9fea9fe', '169.254.169.254', 'linkLocal'],
  ['10.0.0.1', '10.0.0.1', 'private'],
  ['172.31.255.255', '172.31.255.255', 'private'],
  ['172.32.0.0', '172.32.0.0', 'public'],
  ['192.168.1.1', '192.168.1.1', 'private'],
  ['100.100.100.200', '100.100.100.200', 'private'],
  ['1.1.1.1', '1.1.1.1', 'public'],
  ['64:ff9b::7f00:1', '64:ff9b::7f00:1', 'transition'],
  ['64:ff9b::169.254.169.254', '64:ff9b::a9fe:a9fe', 'transition'],
  ['64:ff9b:1::a9fe:a9fe', '64:ff9b:1::a9fe:a9fe', 'transition'],
  ['2002:7f00:1::', '2002:7f00:1::', 'transition'],
  ['2001::1', '2001::1', 'transition'],
  ['::127.0.0.1', '::7f00:1', 'transition'],
  ['::ffff:0:127.0.0.1', '::ffff:0:7f00:1', 'transition'],
  ['2a00:1::5efe:7f00:1', '2a00:1::5efe:7f00:1', 'transition'],
  ['fd00::1', 'fd00::1', 'private'],
  ['fe80::1', 'fe80::1', 'linkLocal'],
  ['fec0::1', 'fec0::1', 'private'],
  ['ff02::1', 'ff02::1', 'multicast'],
  ['2001:db8::1', '2001:db8::1', 'reserved'],
  ['255.255.255.255', '255.255.255.255', 'reserved'],
  ['2606:4700:4700:0:0:0:0:1111', '2606:4700:4700::1111', 'public'],
];

describe('parseAddress', () => {
  test.each(spellings)('reads %s as %s, %s', (spelling, canonical, kind) => {
    const address = parseAddress(spelling);
    expect(address?.text).toBe(canonical);
    expect(address && classifyAddress(address)).toBe(kind);
  });

  const names = ['', '.', 'a', '1.2.3.4.5', '256.1', '08', '1..2', '4294967296', '0xg', '1.2.3.4.'];
  const broken = [
    '[127.0.0.1]',
    ':',
    ':::',
    '1::2::3',
    '::1%eth0',
    '12345::',
    '::1.2.3',
    '[::1',
    '1:2:3:4:5:6:7:8:9',
  ];
  test.each([...names, ...broken])('does not take %j for an address', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('gives every IPv6 address one text that reads back to it', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const once = parseAddress(groups.map((each) => each.toString(16)).join(':'));
        expect(once).toBeDefined();
        expect(parseAddress(once?.text ?? '')).toEqual(once);
      }),
    );
  });

  test('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => parseAddress(text) !== null));
  });
});

test('a name whose last label is a number is one that resolvers take for an address', () => {
  expect(['1.2.3.4.5', 'a.0x1f', 'a.09'].map(endsInNumber)).toEqual([true, true, true]);
  expect(['a.1b', '1.example', '0xzz'].map(endsInNumber)).toEqual([false, false, false]);
});
