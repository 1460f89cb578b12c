// What verifying costs: rows of 400-byte bodies in 50 streams, from memory.
import { encodeFrame, sealedPart } from '@sandtrail/schemas/frame';
import { test } from 'vitest';
import { sealRecords } from './chain-state.ts';
import { exampleChain, exampleHeader, sourceOf } from './example-log.ts';
import { verifyAll } from './verify-all.ts';

const rowCount = 20_000;
const streamCount = 50;
const started = exampleChain({ log: 'bench', topic: 'events', partition: 0 }, []);
const parts = Array.from({ length: rowCount }, (_, i) => {
  const stream = `ebpf:node-1:1:sandbox-${i % streamCount}:0`;
  const start = `{"v":1,"stream":"${stream}","seq":"${Math.floor(i / streamCount)}","kind":"file.delete"`;
  const body = `${start},"observedAtNs":"1","path":{"raw":"${'x'.repeat(300)}"}}`;
  return { header: Buffer.from(exampleHeader(i)), body: Buffer.from(body) };
});
const records = parts.map(({ header, body }, i) => ({
  offset: BigInt(i + 1),
  sealedPart: sealedPart(encodeFrame({ header, body, erasable: Buffer.alloc(0) })),
}));
const { seals } = sealRecords(started.state, records);
const rows = seals.flatMap(({ pos, offset, link }, i) => {
  const part = parts[i];
  return part === undefined ? [] : [{ pos, offset, ...part, link }];
});

test('verification of 20,000 rows, links, tree and producers', async ({ bench }) => {
  await bench('verifyAll', {}, async () => {
    await verifyAll({ chains: [sourceOf(started, [...started.rows, ...rows])] });
  }).run();
});
