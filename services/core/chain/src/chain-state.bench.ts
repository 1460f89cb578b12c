// What sealing costs: leaf, link and tree of 500-byte records.
import { encodeFrame, sealedPart } from '@sandtrail/schemas/frame';
import { test } from 'vitest';
import { sealRecords, startChain } from './chain-state.ts';
import { sha256 } from './hash.ts';
import { leafOf } from './leaf.ts';
import { nextLink } from './link.ts';

const chain = sha256(Buffer.from('bench'));
const records = Array.from({ length: 5_000 }, (_, i) => {
  const header = Buffer.alloc(180, 'h');
  const body = Buffer.alloc(500, String(i));
  return {
    offset: BigInt(i),
    sealedPart: sealedPart(encodeFrame({ header, body, erasable: Buffer.alloc(0) })),
  };
});

test('leaf and link of 5,000 records', async ({ bench }) => {
  await bench('leaf + link', {}, () => {
    let link = chain;
    for (const { offset, sealedPart: part } of records)
      link = nextLink(link, offset, leafOf(offset, part));
  }).run();
});

test('sealing step of 5,000 records, tree included', async ({ bench }) => {
  await bench('sealRecords', {}, () => {
    sealRecords(startChain(chain), records);
  }).run();
});
