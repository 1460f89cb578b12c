import { compileEgress } from '@sandtrail/policy/egress';
import { systemClock } from '@sandtrail/runtime/clock';
import { expect, test } from 'vitest';
import { hostLookup } from './host-lookup.ts';

const policy = compileEgress({
  mode: 'restricted',
  egress_allowlist: [],
  ingress: 'deny_all',
  private_allow: [
    { name: 'inner.test', address: '10.0.0.1' },
    { name: 'inner.test', address: '10.0.0.2' },
  ],
});

function startLookup(answer: (asked: number) => Promise<readonly string[]>, timeoutMs = 1000) {
  const asked: string[] = [];
  let aheadMs = 0;
  const clock = { ...systemClock, monotonicMs: () => aheadMs };
  const ask = (name: string) => {
    asked.push(name);
    return answer(asked.length);
  };
  const lookup = hostLookup({ policy, clock, ask, keptMs: 100, entriesMax: 2, timeoutMs });
  return { asked, lookup, wait: (ms: number) => (aheadMs += ms) };
}

test('a declared name is answered by the policy and never asked of anybody', async () => {
  const { lookup, asked } = startLookup(async () => ['6.6.6.6']);
  expect(await lookup('inner.test')).toEqual(['10.0.0.1', '10.0.0.2']);
  expect(asked).toEqual([]);
});

test('an answer is used again for a moment, also while it is being looked up', async () => {
  const { lookup, asked, wait } = startLookup(async (count) => [`1.1.1.${count}`]);
  expect(await Promise.all([lookup('a.test'), lookup('a.test')])).toEqual([
    ['1.1.1.1'],
    ['1.1.1.1'],
  ]);
  wait(101);
  expect(await lookup('a.test')).toEqual(['1.1.1.2']);
  expect(asked).toHaveLength(2);
});

test('the oldest answer is forgotten beyond the bound', async () => {
  const { lookup, asked } = startLookup(async () => ['1.1.1.1']);
  for (const name of ['a.test', 'b.test', 'c.test', 'c.test', 'a.test']) await lookup(name);
  expect(asked).toEqual(['a.test', 'b.test', 'c.test', 'a.test']);
});

test('a resolver that hangs is given up, and one that fails says so', async () => {
  const hanging = startLookup(() => new Promise(() => undefined), 20);
  expect(await hanging.lookup('a.test')).toEqual([]);
  const failing = startLookup(() => Promise.reject(new Error('no')));
  await expect(failing.lookup('a.test')).rejects.toThrow('no');
});

test('the machine itself knows localhost', async () => {
  const lookup = hostLookup({ policy, clock: systemClock });
  expect(await lookup('localhost')).toContain('127.0.0.1');
});
