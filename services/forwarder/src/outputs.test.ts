// What a configuration of destinations may say, and what it is refused for.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Destinations } from './outputs.ts';
import { readSecret, readToken } from './secret-file.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'sandtrail-set-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test.each([
  [
    'syslog in the clear beyond loopback',
    { type: 'syslog', host: 'siem.example' },
    /tls is required/,
  ],
  ['http beyond loopback', { type: 'elastic', url: 'http://es.example' }, /https is required/],
  [
    'a credential in the URL',
    { type: 'elastic', url: 'https://user:pw@es.example' },
    /come from a file/,
  ],
  [
    'a secret in the configuration',
    { type: 'webhook', url: 'https://x.example', secret: 's' },
    /secret/,
  ],
  ['an unknown setting', { type: 'file', path: '/x', colour: 'red' }, /colour/],
  ['a relative path', { type: 'file', path: 'out.ndjson' }, /from the root/],
  ['an unknown type', { type: 'pigeon' }, /type|discriminator/i],
  [
    'a password without a user',
    { type: 'elastic', url: 'https://x', passwordFile: '/p' },
    /together/,
  ],
])('%s is refused', (_name, settings, words) => {
  const result = Destinations.safeParse({ one: settings });
  expect(result.success).toBe(false);
  expect(JSON.stringify(result.error?.issues)).toMatch(words);
});

test('loopback needs no TLS, and a name stays a safe label', () => {
  const local = { type: 'syslog', host: '127.0.0.1', port: 514 };
  expect(Destinations.safeParse({ soc: local }).success).toBe(true);
  expect(Destinations.safeParse({ 'soc{x="1"}': local }).success).toBe(false);
});

test('a secret that others may read is refused, and a token is one line', async () => {
  const file = path.join(dir, 'token');
  writeFileSync(file, 'token-1\n');
  chmodSync(file, 0o644);
  await expect(readSecret(file)).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
  chmodSync(file, 0o600);
  expect(await readToken(file)).toBe('token-1');
  writeFileSync(file, 'two\r\nX-Injected: lines');
  await expect(readToken(file)).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
  await expect(readToken(path.join(dir, 'none'))).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
});
