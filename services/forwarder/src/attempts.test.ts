import { expect, test } from 'vitest';
import { Attempts } from './attempts.ts';

const highest = (n: number) => Buffer.alloc(n, 0xff);
const lowest = (n: number) => Buffer.alloc(n);

test('pauses grow to their bound, with chance in them, and begin anew after a success', () => {
  const attempts = new Attempts({ random: highest, retryMsMax: 4000 });
  const pauses = Array.from({ length: 8 }, () => Math.round(attempts.failed()));
  expect(pauses).toEqual([350, 600, 1100, 2100, 4000, 4000, 4000, 4000]);
  attempts.succeeded();
  expect(Math.round(attempts.failed())).toBe(350);
  expect(new Attempts({ random: lowest, retryMsMax: 4000 }).failed()).toBe(100);
});

test('the breaker opens at the fifth failure and closes with a success', () => {
  const attempts = new Attempts({ random: lowest, retryMsMax: 1000 });
  for (let i = 0; i < 4; i += 1) attempts.failed();
  expect(attempts.isOpen).toBe(false);
  attempts.failed();
  expect(attempts.isOpen).toBe(true);
  attempts.succeeded();
  expect(attempts.isOpen).toBe(false);
});

test('a pause that the other side asked for is kept, up to the bound', () => {
  const attempts = new Attempts({ random: lowest, retryMsMax: 5000 });
  expect(attempts.failed(2000)).toBe(2000);
  expect(attempts.failed(3_600_000)).toBe(5000);
});
