import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redact } from './redact.ts';
import { redactObservation, redactObservationFully } from './redact-observation.ts';
import { rules } from './rules.ts';
import { sample } from './sample.ts';
import { scanText } from './scan-text.ts';
import { createScanner } from './scanner.ts';
import { secretlintEngine } from './secretlint.ts';

const scanner = createScanner({
  fingerprintKey: new Uint8Array(32).fill(1),
  secondEngine: secretlintEngine,
});
const token = `gh${'p_'}${sample('base62', 36, 4)}`;
const examples = rules.flatMap((rule) => rule.hits());

describe('redaction', () => {
  test('puts a mask that names the rule in place of the secret', () => {
    const { text, redactions } = redact(scanner, `push with ${token} now`, 'text');
    expect(text).toMatch(/^push with \[redacted:github-token:gh….{2}\] now$/);
    expect(redactions).toEqual([
      expect.objectContaining({
        field: 'text',
        rule: 'github-token',
        class: 'secret',
        start: 10,
        length: token.length,
      }),
    ]);
    expect(redactions[0]?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  test('shows at most four characters and at most a fifth, and none of a short secret', () => {
    for (const example of examples) {
      for (const { masked, length } of redact(scanner, example, 'text').redactions) {
        const shown = masked.replace('…', '').length;
        expect(shown).toBeLessThanOrEqual(4);
        expect(shown).toBeLessThanOrEqual(length * 0.2);
      }
    }
    expect(redact(scanner, `PASSWORD=${'ab'}1x`, 'text').redactions[0]?.masked ?? '…').toBe('…');
  });

  test('gives personal data no fingerprint', () => {
    const card = ['4111', '1111', '1111', '1111'].join(' ');
    const { redactions } = redact(scanner, `card ${card}`, 'text');
    expect(redactions).toEqual([
      {
        field: 'text',
        rule: 'payment-card',
        class: 'pii',
        start: 5,
        length: 19,
        masked: expect.any(String),
      },
    ]);
  });

  test('gives the same fingerprint to the same secret, encoded or plain', () => {
    const plain = redact(scanner, token, 'text').redactions[0];
    const wrapped = redact(scanner, Buffer.from(`x: ${token}\n`).toString('base64'), 'text')
      .redactions[0];
    expect(wrapped?.fingerprint).toBe(plain?.fingerprint);
  });

  test('of redacted text changes nothing', () => {
    const parts = fc.array(
      fc.oneof(
        fc.constantFrom(...examples),
        fc.string({ maxLength: 30 }),
        fc.constantFrom(' ', '\n', 'password=', '@host '),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(parts, (given) => {
        const once = redact(scanner, given.join(' '), 'text').text;
        const again = redact(scanner, once, 'text');
        expect(again.text).toBe(once);
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  test('is not switched off by text that only looks like a mask', () => {
    const { redactions } = redact(
      scanner,
      `[redacted:x:…] [redacted:password=${'hunter'}2xyz]`,
      'text',
    );
    expect(redactions.map((one) => one.rule)).toEqual(['password-assignment']);
  });

  test('leaves no secret in what it returns, whichever way it is written', () => {
    for (const example of examples) {
      for (const text of [example, Buffer.from(example).toString('base64')]) {
        const result = redact(scanner, `a ${text} b`, 'text');
        const secrets = scanner
          .scan(`a ${text} b`)
          .spans.map((span) => span.secret ?? `a ${text} b`.slice(span.start, span.end));
        expect(secrets.length).toBeGreaterThan(0);
        for (const secret of secrets)
          expect(JSON.stringify(result)).not.toContain(JSON.stringify(secret).slice(1, -1));
      }
    }
  });
});

describe('redaction of an observation', () => {
  test('touches the free text of its kind and nothing else', () => {
    const fields = { kind: 'tool.call', tool: token, callId: 'c', input: `x ${token}` };
    const { fields: got, redactions } = redactObservation(scanner, fields);
    expect(got['tool']).toBe(token);
    expect(got['input']).not.toContain(token);
    expect(redactions.map((one) => one.field)).toEqual(['input']);
  });

  test('reads arguments as one line and names the argument', () => {
    const secret = sample('base62', 16, 6);
    const fields = {
      kind: 'process.exec',
      argv: ['mysql', '-u', 'root', '--password', secret, token],
    };
    const { fields: got, redactions } = redactObservation(scanner, fields);
    expect(JSON.stringify(got)).not.toContain(secret);
    expect(JSON.stringify(got)).not.toContain(token);
    expect(redactions.map((one) => [one.field, one.start])).toEqual([
      ['argv.4', 0],
      ['argv.5', 0],
    ]);
  });

  test('keeps unknown kinds and odd values as they are', () => {
    for (const fields of [
      { kind: 'none' },
      { kind: 'tool.call', input: 7 },
      { kind: 'process.exec', argv: [1, null] },
      {},
    ]) {
      expect(redactObservation(scanner, fields).fields).toBe(fields);
    }
  });

  test('with both engines redacts at least as much', async () => {
    const fields = { kind: 'process.exec', argv: ['curl', '-H', `Authorization: token ${token}`] };
    const got = await redactObservationFully(scanner, fields);
    expect(JSON.stringify(got)).not.toContain(token);
  });

  test('joins the labels of a domain name', () => {
    const hex = Buffer.from(token).toString('hex');
    const name = `${hex.slice(0, 40)}.${hex.slice(40)}.made.test`;
    const { redactions } = redactObservation(scanner, { kind: 'network.dns', name });
    expect(redactions.map((one) => one.rule)).toEqual(['github-token']);
  });
});

test('a scan for a person gives lines and columns and never the secret', async () => {
  const { findings } = await scanText(
    scanner,
    `first\nsecond ${token}\n${Buffer.from(token).toString('base64')}`,
  );
  expect(findings.map((one) => [one.rule, one.line, one.column, one.via])).toEqual([
    ['github-token', 2, 8, []],
    ['github-token', 3, 1, ['base64']],
  ]);
  expect(JSON.stringify(findings)).not.toContain(token.slice(4, 20));
});
