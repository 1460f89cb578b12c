import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSocketAddress } from './sockaddr.ts';

function read(hex: string): string {
  const { family, address, port } = parseSocketAddress(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return `${family} ${address.toString('latin1')} ${port ?? '-'}`;
}

test('addresses of each family are read', () => {
  expect(read('0200 01bb 0a000001 0000000000000000')).toBe('inet 10.0.0.1 443');
  const six = '0a00 0035 00000000';
  expect(read(`${six} 00000000000000000000000000000001 00000000`)).toBe('inet6 ::1 53');
  expect(read(`${six} 00000000000000000000000000000000 00000000`)).toBe('inet6 :: 53');
  expect(read(`${six} 20010db8000000000001000000000001 00000000`)).toBe(
    'inet6 2001:db8::1:0:0:1 53',
  );
  expect(read(`${six} 00000000000000000000ffff7f000001 00000000`)).toBe(
    'inet6 ::ffff:127.0.0.1 53',
  );
  expect(read('0100 2f746d702f730000')).toBe('unix /tmp/s -');
  expect(read('0100 00616200')).toBe('unix @ab\0 -');
  expect(read('1000 0000 00000000 00000000')).toBe('netlink  -');
  expect(read('2800 0000 00040000 02000000')).toBe('vsock 2 -');
});

test('addresses that are too short or unknown are other', () => {
  expect(read('')).toBe('other  -');
  expect(read('02')).toBe('other  -');
  expect(read('0200 01bb 0a00')).toBe('other  -');
  expect(read('ffff 0000')).toBe('other  -');
});

test('no bytes whatever make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 128 }), (bytes) => {
      parseSocketAddress(Buffer.from(bytes));
    }),
  );
});
