import { expect, test } from 'vitest';
import { privateKeyOfSeed, rawPublicKey } from './ed25519.ts';
import {
  exampleChain,
  exampleHeader,
  exampleStream,
  sourceOf,
  streamBodies,
} from './example-log.ts';
import { exitOf } from './verdict.ts';
import { verifyAll } from './verify-all.ts';

const place = { log: 'example', topic: 'events', partition: 0 };
const bodies = streamBodies({ eventCount: 40 });

test('a stream that is whole and closed has no finding', async () => {
  expect(await found(bodies)).toEqual([]);
});

test('records that were lost before the log are a producer gap', async () => {
  expect(await found(bodies.toSpliced(5, 2))).toEqual([
    'producer_gap 6: ebpf:node-1:1:sandbox-1:0: sequence number 5 to 6 are missing before this record',
  ]);
});

test('a loss leaves later heartbeats to be judged from the next one on', async () => {
  const tampered = bodies.toSpliced(5, 1).map((body) => body.replace('file-30', 'other-30'));
  const codes = (await found(tampered)).map((line) => line.split(' ')[0]);
  expect(codes).toEqual(['producer_gap', 'attestation_mismatch'].sort().reverse());
});

test('a body that the collector did not sign is an attestation mismatch at the next heartbeat', async () => {
  const forged = bodies.map((body) => body.replace('file-3"', 'file-x"'));
  const [line, ...more] = await found(forged);
  expect(line).toMatch(/^attestation_mismatch 10: .*not those that the collector signed/);
  expect(more).toEqual([]);
});

test('a heartbeat signed by another key is an attestation mismatch', async () => {
  const forger = privateKeyOfSeed(Buffer.alloc(32, 9));
  const publicKey = rawPublicKey(forger).toString('base64');
  const forged = bodies.map((body) =>
    body.replace(/"publicKey":"[^"]*"/, `"publicKey":"${publicKey}"`),
  );
  const lines = await found(forged);
  expect(lines.every((line) => line.startsWith('attestation_mismatch'))).toBe(true);
  expect(lines[0]).toMatch(/not of the key that opened the stream/);
});

test('the same record again is a retransmission, which is counted and leaves the verdict alone', async () => {
  const again = [...bodies.slice(0, 20), ...bodies.slice(10, 20), ...bodies.slice(20)];
  const [line, ...more] = await found(again);
  expect(line).toMatch(/^retransmission 21: 10 in all/);
  expect(more).toEqual([]);
  const report = await verifyAll({ chains: [sourceOf(exampleChain(place, again))] });
  expect(exitOf(report)).toBe(2);
});

test('another body under a sequence number that was used is producer equivocation', async () => {
  const rival = bodies[12]?.replace('file-', 'rival-') ?? '';
  const [line, ...more] = await found([...bodies.slice(0, 20), rival, ...bodies.slice(20)]);
  expect(line).toMatch(/^producer_equivocation 21: sequence number 12 .* with another body/);
  expect(more).toEqual([]);
});

test('a record after its stream was closed is an attestation mismatch', async () => {
  const next = bodies[1]?.replace('"seq":"1"', `"seq":"${bodies.length}"`) ?? '';
  expect((await found([...bodies, next]))[0]).toMatch(/had been closed/);
});

test('events after the last heartbeat of a stream that never closed are an unattested tail', async () => {
  const open = streamBodies({ eventCount: 36, closed: false });
  const later = exampleTicks(20_000);
  const [line, ...more] = await found([...open, ...later]);
  expect(line).toMatch(/^unattested_tail 41: .* its last 4 events follow its last heartbeat/);
  expect(more).toEqual([]);
});

test('a stream whose last events just came may be alive', async () => {
  expect(await found(streamBodies({ eventCount: 36, closed: false }))).toEqual([]);
});

test('a stream whose records lie in two chains is whole over both', async () => {
  const some = exampleChain(
    place,
    bodies.filter((_, i) => i % 3 !== 1),
  );
  const rest = exampleChain(
    { ...place, topic: 'findings' },
    bodies.filter((_, i) => i % 3 === 1),
  );
  const report = await verifyAll({ chains: [sourceOf(some), sourceOf(rest)] });
  expect(report.findings.map(({ code }) => code)).toEqual(['unanchored']);
});

test('a stream that ends before the end that its sandbox states is a producer gap', async () => {
  const destroyed = JSON.stringify({
    kind: 'sandbox.destroyed',
    v: 1,
    stream: 'runner:node-1:1:sandbox-1:0',
    seq: '0',
    observedAtNs: '1',
    reason: 'exited',
    streams: [{ stream: exampleStream, lastSeq: '99' }],
  });
  const lines = await found([...bodies, destroyed, ...exampleTicks(20_000)]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^producer_gap .* not at 99 as stated/);
});

test('what a tampered row hides from its stream is not named a second time', async () => {
  const chain = exampleChain(place, bodies);
  const rows = chain.rows.map((row, i) => (i === 7 ? { ...row, body: Buffer.from('{}') } : row));
  const report = await verifyAll({ chains: [sourceOf(chain, rows)] });
  expect(report.findings.map(({ code, position }) => [code, position])).toEqual([
    ['leaf_mismatch', 7n],
  ]);
});

test.each([
  ['no JSON', 'not json'],
  ['another shape', '[1,2]'],
  [
    'a number that cannot be counted',
    bodies[1]?.replace('"seq":"1"', '"seq":"99999999999999999999"') ?? '',
  ],
  ['a heartbeat of nonsense', '{"kind":"collector.heartbeat","stream":"x","seq":"0"}'],
  ['an opening of nonsense', '{"kind":"collector.started","stream":"x","seq":"0"}'],
  ['a prototype for a key', '{"__proto__":{"kind":"a"},"seq":"0"}'],
])('a sealed body with %s never stops the verifier', async (_what, body) => {
  await expect(found([...bodies, body])).resolves.toBeInstanceOf(Array);
});

/** The producer findings over one chain of these bodies: code, position and detail. */
async function found(sealed: readonly string[]): Promise<string[]> {
  const chain = exampleChain(place, sealed);
  const report = await verifyAll({ chains: [sourceOf(chain)] });
  return report.findings
    .filter(({ code }) => code !== 'unanchored')
    .map(({ code, position, detail }) => `${code} ${position}: ${detail}`);
}

/** Enough ticks, a millisecond apart by their headers, for time to pass in the log. */
function exampleTicks(count: number): string[] {
  expect(exampleHeader(0)).toContain('receivedAtNs');
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      kind: 'control.tick',
      v: 1,
      stream: 'gateway:events-0:1:control-tick:0',
      seq: `${i}`,
      observedAtNs: '1',
    }),
  );
}
