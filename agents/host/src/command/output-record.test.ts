import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@sandtrail/runtime/clock';
import type { ObservationOf } from '@sandtrail/schemas/observation';
import { createScanner } from '@sandtrail/secrets/scanner';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutputRecord } from './output-record.ts';

const scanner = createScanner({ fingerprintKey: randomBytes(32) });

function recording(leftBytes = 1_048_576) {
  const pieces: (ObservationOf<'command.output'> & { redacted: number })[] = [];
  const record = new OutputRecord({
    channel: 'stdout',
    budget: { leftBytes },
    scanner,
    clock: systemClock,
    emit: (piece, redactions) => {
      pieces.push({ ...piece, redacted: redactions.length });
    },
  });
  return { pieces, record };
}

test('pieces put together are the output, however it was written', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 9000 }), { maxLength: 9 }),
      (parts) => {
        const { pieces, record } = recording();
        for (const part of parts) record.write(Buffer.from(part));
        record.end();
        expect(pieces.map((piece) => piece.text).join('')).toBe(parts.join(''));
        let startByte = 0;
        for (const piece of pieces) {
          expect(piece.startByte).toBe(startByte);
          startByte += piece.sizeBytes;
        }
      },
    ),
    { numRuns: 30 },
  );
});

test('a character that is split over two writes is not torn', () => {
  const { pieces, record } = recording();
  const bytes = Buffer.from('grüße');
  record.write(bytes.subarray(0, 3));
  record.write(bytes.subarray(3));
  record.end();
  expect(pieces[0]?.text).toBe('grüße');
});

test('a word that arrives in two halves stays in one piece', async () => {
  const { pieces, record } = recording();
  record.write(Buffer.from('first line\ntoken=abc'));
  await delay(400);
  expect(pieces.map((piece) => piece.text)).toEqual(['first line\n']);
  record.write(Buffer.from('def\n'));
  record.end();
  expect(pieces[1]?.text).toBe('token=abcdef\n');
});

test('a secret that arrives in two halves is in no piece', async () => {
  const { pieces, record } = recording();
  const secret = `ghp_${randomBytes(18).toString('hex')}`;
  record.write(Buffer.from(`token ${secret.slice(0, 20)}`));
  record.write(Buffer.from(`${secret.slice(20)} and more\n`));
  record.end();
  const text = pieces.map((piece) => piece.text).join('');
  expect(text).not.toContain(secret.slice(4, 20));
  expect(text).toContain(' and more\n');
});

test('a private key is masked over all its lines', () => {
  const { pieces, record } = recording();
  const lines = Array.from({ length: 50 }, () => randomBytes(48).toString('base64'));
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${lines.join('\n')}\n-----END RSA PRIVATE KEY-----\n`;
  record.write(Buffer.from('x '.repeat(7_000)));
  for (const line of `${key}done\n`.split(/(?<=\n)/)) record.write(Buffer.from(line));
  record.end();
  const text = pieces.map((piece) => piece.text).join('');
  expect(lines.some((line) => text.includes(line))).toBe(false);
  expect(text).toContain('done');
  expect(pieces.reduce((sum, piece) => sum + piece.redacted, 0)).toBeGreaterThan(0);
});

test('text past the bound is counted and hashed, not recorded', () => {
  const { pieces, record } = recording(1000);
  const bytes = Buffer.from('0123456789'.repeat(500));
  record.write(bytes);
  record.end();
  const last = pieces.at(-1);
  expect(pieces.map((piece) => piece.text).join('').length).toBe(1000);
  expect(last?.omittedBytes).toBe(4000);
  expect(last?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
});

test('a silent channel says nothing', () => {
  const { pieces, record } = recording();
  record.end();
  expect(pieces).toEqual([]);
});
