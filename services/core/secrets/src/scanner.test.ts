import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { rules } from './rules.ts';
import { sampleWithChecksum } from './sample.ts';
import { createScanner } from './scanner.ts';
import { secretlintEngine } from './secretlint.ts';
import { undominated } from './span.ts';

const fingerprintKey = new Uint8Array(32).fill(3);
const scanner = createScanner({ fingerprintKey });
const found = (text: string) => undominated(scanner.scan(text).spans);
const token = `gh${'p_'}${sampleWithChecksum(9)}`;

const base32 = (text: string) => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => letters[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
};
const forms: Readonly<Record<string, (text: string) => string>> = {
  base64: (text) => Buffer.from(text).toString('base64'),
  'base64 of a larger text': (text) =>
    Buffer.from(`{"some":"thing", "x":\n"${text}"}`).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  'base64 of UTF-16': (text) => Buffer.from(text, 'utf16le').toString('base64'),
  hex: (text) => Buffer.from(text).toString('hex'),
  'upper-case hex': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  base32,
  percent: (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join(''),
  'JSON in JSON': (text) => JSON.stringify(JSON.stringify({ text })),
  'unicode escapes': (text) =>
    [...text].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  'gzip in base64': (text) => gzipSync(text).toString('base64'),
  'base64 twice': (text) => Buffer.from(Buffer.from(text).toString('base64')).toString('base64'),
  'hex in base64 in escapes': (text) =>
    JSON.stringify({ x: Buffer.from(Buffer.from(text).toString('hex')).toString('base64') }),
};

describe('what is found plain is found encoded', () => {
  test.each(Object.keys(forms))('as %s', (name) => {
    const wrap = forms[name] ?? String;
    const secrets = rules.filter((rule) => rule.class === 'secret' && rule.tier === 1);
    const texts = secrets.flatMap((rule) => rule.hits());
    const missed = texts.filter((text) => found(`x ${wrap(text)} y`).length === 0);
    expect(missed.length / texts.length, missed.join('\n')).toBeLessThan(0.05);
  });

  test('the span in the encoded text covers the secret and not its surroundings', () => {
    const text = `before ${Buffer.from(`aaa bbb ${token} ccc ddd`).toString('base64')} after`;
    const [span] = found(text);
    const inner = Buffer.from(text.slice(7, -6), 'base64').toString();
    expect(inner).toContain(token);
    expect(span?.start).toBeGreaterThan(12);
    expect(span?.end).toBeLessThan(text.length - 12);
    expect(span?.via).toEqual(['base64']);
  });

  test('in a domain name whose labels carry it in base 32 or hex', () => {
    for (const code of [base32(token).toLowerCase(), Buffer.from(token).toString('hex')]) {
      const labels = (code.match(/.{1,30}/g) ?? []).join('.');
      const { spans } = scanner.scan(`${labels}.tunnel.made.test`, { isDomainName: true });
      expect(undominated(spans).map((span) => span.rule)).toEqual(['github-token']);
    }
  });
});

describe('bounds', () => {
  test('a text past the size bound says that it was not all seen', () => {
    const small = createScanner({ fingerprintKey, scanCharsMax: 100 });
    expect(small.scan('a'.repeat(101)).isTruncated).toBe(true);
    expect(small.scan('a'.repeat(100)).isTruncated).toBe(false);
  });

  test('a gzip bomb ends at its budget and is marked', () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000, 'a')).toString('base64');
    expect(scanner.scan(bomb).isTruncated).toBe(true);
  });

  test('encodings deeper than three are marked', () => {
    let text = token;
    for (let depth = 0; depth < 5; depth += 1) text = Buffer.from(text).toString('base64');
    expect(scanner.scan(text).isTruncated).toBe(true);
  });

  test.each([
    ['keywords', 'password='.repeat(1200)],
    ['at signs', 'a@'.repeat(5000)],
    ['digits', '4111 '.repeat(2000)],
    ['colons and slashes', '://a:'.repeat(2000)],
    ['percent signs', '%41'.repeat(3300)],
    ['backslashes', '\\\\'.repeat(5000)],
    ['prefixes', 'sk-ant-api03-'.repeat(800)],
    ['spaces', `curl ${' '.repeat(10_000)}`],
  ])('10 kB of hostile %s take no more than a few milliseconds', (_name, text) => {
    scanner.scan(text);
    const before = process.cpuUsage();
    scanner.scan(text);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(60);
  });
});

describe('the second engine', () => {
  test('is called for suspicious text alone, and adds what the pack does not know', async () => {
    const calls: string[] = [];
    const both = createScanner({
      fingerprintKey,
      secondEngine: async (text) => {
        calls.push(text);
        return await secretlintEngine(text);
      },
    });
    await both.scanFully('an ordinary sentence about nothing');
    expect(calls).toEqual([]);
    const { spans } = await both.scanFully(`token ${token}`);
    expect(calls.length).toBe(1);
    expect(spans.some((span) => span.engine === 'secretlint')).toBe(true);
    expect(undominated(spans).map((span) => span.rule)).toEqual(['github-token']);
  });

  test('cannot be switched off by the text', async () => {
    const text = `# secretlint-disable\n${token} // secretlint-disable-line`;
    expect((await secretlintEngine(text)).map((span) => span.rule)).toEqual(['secretlint-github']);
  });

  test('returns ranges and names, never the text', async () => {
    expect(JSON.stringify(await secretlintEngine(`x ${token}`))).not.toContain(token);
  });
});

test('identifiers, hashes, times and versions are no personal data', () => {
  const texts = [
    '01890f3e-7c1a-7000-8000-411111111111',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '1753142400000 1753142400000000000',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'v20.11.1+4111111111111111',
    'node-v24.21.0-linux-x64',
    '2026-01-02 03:04:05.678901234',
    'pid 4111 uid 1111 gid 1111 sid 1112',
  ];
  for (const text of texts)
    expect(
      found(text).filter((span) => span.class === 'pii'),
      text,
    ).toEqual([]);
});

test('a kind of personal data that is ignored by policy is not looked for', () => {
  const mail = ['jane', 'made-up.org'].join('@');
  expect(found(mail).length).toBe(1);
  const lenient = createScanner({ fingerprintKey, pii: { email: 'ignore' } });
  expect(lenient.scan(mail).spans).toEqual([]);
});

test('a short fingerprint key is refused', () => {
  expect(() => createScanner({ fingerprintKey: new Uint8Array(16) })).toThrow(RangeError);
});
