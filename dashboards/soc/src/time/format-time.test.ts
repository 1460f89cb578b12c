// Times and sizes are told in the same words everywhere.
import { expect, test } from 'vitest';
import {
  agoText,
  bytesText,
  clockText,
  msOf,
  sinceStart,
  spanText,
  utcText,
} from './format-time.ts';

const at = Date.UTC(2026, 10, 23, 14, 2, 54, 561);

test('a time is told in UTC, to the millisecond', () => {
  expect(clockText(at)).toBe('14:02:54.561');
  expect(utcText(at)).toBe('2026-11-23 14:02:54.561 UTC');
  expect(msOf(`${BigInt(at) * 1_000_000n + 250_000n}`)).toBeCloseTo(at + 0.25, 2);
  expect(msOf('7')).toBeCloseTo(0);
});

test('a time outside the calendar does not break the page', () => {
  expect(() => utcText(msOf('18446744073709551615'))).not.toThrow();
});

test('a relative time looks both ways', () => {
  expect(agoText(at - 12_000, at)).toBe('12 s ago');
  expect(agoText(at + 240_000, at)).toBe('in 4 min');
  expect(agoText(at, at + 3)).toBe('now');
  expect(spanText(400)).toBe('0.4 s');
});

test('a time since the start may lie before it', () => {
  expect(sinceStart(at + 54_561, at)).toBe('00:54.561');
  expect(sinceStart(at - 2, at)).toBe('-00:00.002');
});

test('bytes are decimal', () => {
  expect([0, 999, 15_000, 2_500_000].map(bytesText)).toEqual(['0 B', '999 B', '15.0 kB', '2.5 MB']);
});
