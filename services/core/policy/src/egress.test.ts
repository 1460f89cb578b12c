import type { Policy } from '@sandtrail/schemas/policy';
import { describe, expect, test } from 'vitest';
import { parseAddress } from './address.ts';
import {
  compileEgress,
  decideAuthority,
  decideEgress,
  decideName,
  mayResolveTo,
} from './egress.ts';

const network: Policy['network'] = {
  mode: 'restricted',
  egress_allowlist: [
    'api.openai.com:443',
    'GitHub.com:443',
    'github.com:80',
    '*.pypi.org:443',
    '10.1.2.3:8080',
    '[2606:4700::1]:443',
    'xn--bcher-kva.example:443',
  ],
  ingress: 'deny_all',
  private_allow: [{ name: 'files.test', address: '127.0.0.1' }],
};
const compiled = compileEgress(network);

describe('decideAuthority', () => {
  test.each([
    ['api.openai.com:443', 'api.openai.com'],
    ['API.OpenAI.com.:443', 'api.openai.com'],
    ['github.com', 'github.com'],
    ['files.pypi.org:443', 'files.pypi.org'],
    ['a.b.pypi.org:443', 'a.b.pypi.org'],
    ['10.1.2.3:8080', '10.1.2.3'],
    ['0xa010203:8080', '10.1.2.3'],
    ['[2606:4700:0:0::1]:443', '2606:4700::1'],
    ['XN--bcher-KVA.example:443', 'xn--bcher-kva.example'],
  ])('allows %s and names %s as the one to dial', (authority, host) => {
    const verdict = decideAuthority(compiled, { authority, portDefault: 80 });
    expect(verdict).toMatchObject({ allow: true, canonicalHost: host });
  });

  test.each([
    ['pypi.org:443', 'not_allowed'],
    ['evilpypi.org:443', 'not_allowed'],
    ['api.openai.com:80', 'not_allowed'],
    ['api.openai.com.evil.test:443', 'not_allowed'],
    ['api.openai.com#x:443', 'malformed_authority'],
    ['api.openai.com\\@evil.test:443', 'malformed_authority'],
    ['user@api.openai.com:443', 'malformed_authority'],
    ['api\u3002openai.com:443', 'malformed_authority'],
    ['api.openai.com:443\r\nX: y', 'malformed_authority'],
    ['api.openai.com:0443000', 'malformed_authority'],
    ['api.openai.com:0', 'malformed_authority'],
    ['api.openai.com:65536', 'malformed_authority'],
    ['api..openai.com:443', 'label_bytes'],
    ['api.openai.com..:443', 'label_bytes'],
    ['1.2.3.4.5:443', 'malformed_authority'],
    ['xn--githubcom-9a.:443', 'not_allowed'],
    ['1.1.1.1:443', 'ip_literal'],
    ['0x1010101:443', 'ip_literal'],
    ['169.254.169.254:80', 'private_address'],
    ['2852039166:80', 'private_address'],
    ['[::ffff:127.0.0.1]:80', 'private_address'],
    ['[64:ff9b::a9fe:a9fe]:80', 'private_address'],
    ['[2002:7f00:1::]:80', 'private_address'],
    ['127.0.0.1.:80', 'private_address'],
  ])('refuses %j: %s', (authority, reason) => {
    expect(decideAuthority(compiled, { authority })).toMatchObject({ allow: false, reason });
  });
});

test('mode none allows nothing, whatever the list says', () => {
  const none = compileEgress({ ...network, mode: 'none' });
  expect(decideEgress(none, { host: 'github.com', port: 443 }).allow).toBe(false);
  expect(decideName(none, 'github.com').allow).toBe(false);
});

test('the resolver answers names of the list and no others', () => {
  expect(decideName(compiled, 'FILES.pypi.org.')).toEqual({
    allow: true,
    canonicalHost: 'files.pypi.org',
  });
  expect(decideName(compiled, 'x.evil.test')).toMatchObject({ reason: 'not_allowed' });
  expect(decideName(compiled, 'a\u0000.github.com')).toMatchObject({ reason: 'label_bytes' });
  expect(decideName(compiled, '10.1.2.3')).toMatchObject({ reason: 'ip_literal' });
});

test('an allowed name leads to public addresses, and to a private one only as stated', () => {
  const may = (name: string, text: string) => {
    const address = parseAddress(text);
    return address !== undefined && mayResolveTo(compiled, { name, address });
  };
  expect(may('github.com', '140.82.121.3')).toBe(true);
  expect(may('github.com', '127.0.0.1')).toBe(false);
  expect(may('github.com', '::ffff:10.0.0.1')).toBe(false);
  expect(may('github.com', '64:ff9b::8.8.8.8')).toBe(false);
  expect(may('files.test', '127.0.0.1')).toBe(true);
  expect(may('files.test', '127.0.0.2')).toBe(false);
});

test('entries that make no sense allow nothing and are named', () => {
  const entries = ['a.b:0', '*.1.2.3.4:80', '::1:80', 'a..b:443', 'x.y:99999'];
  const odd = compileEgress({ ...network, egress_allowlist: entries });
  expect(odd.invalid.map(({ entry }) => entry)).toEqual(entries);
  expect(odd.exact.size + odd.wildcard.size).toBe(0);
});
