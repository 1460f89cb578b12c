import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@sandtrail/runtime/clock';
import type { ObservationOf } from '@sandtrail/schemas/observation';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutputRecord } from './output-record.ts';

function recording(leftBytes = 1_048_576) {
  const pieces: ObservationOf<'command.output'>[] = [];
  const record = new OutputRecord({
    channel: 'stdout',
    budget: { leftBytes },
    clock: systemClock,
    emit: (piece) => {
      pieces.push(piece);
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
        let offset = 0;
        for (const piece of pieces) {
          expect(piece.offset).toBe(offset);
          offset += piece.sizeBytes;
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
  await delay(200);
  expect(pieces.map((piece) => piece.text)).toEqual(['first line\n']);
  record.write(Buffer.from('def\n'));
  record.end();
  expect(pieces[1]?.text).toBe('token=abcdef\n');
});

test('a private key is never cut between its lines', () => {
  const { pieces, record } = recording();
  const body = Array.from({ length: 50 }, () => randomBytes(48).toString('base64')).join('\n');
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${body}\n-----END RSA PRIVATE KEY-----\n`;
  record.write(Buffer.from('x'.repeat(14_000)));
  record.write(Buffer.from(`\n${key}`));
  record.end();
  expect(pieces.some((piece) => piece.text.includes(key))).toBe(true);
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
