import { createHash, createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { decodeFrame } from '@sandtrail/schemas/frame';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { vectors } from './vectors.ts';

const folder = new URL('../../../../schemas/vectors/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const hex = (digits: string) => Buffer.from(digits, 'hex');
const sha = (...parts: readonly Uint8Array[]) =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex');

test('the committed vectors are those that the code gives, byte for byte', () => {
  const files = vectors();
  expect(readdirSync(folder).sort()).toEqual([...files.keys()].sort());
  for (const [name, text] of files)
    expect(readFileSync(new URL(name, folder), 'utf8'), `run npm run generate: ${name}`).toBe(text);
});

// From here on the files are read as a stranger would: with node:crypto alone, by their `format`.
describe('a reader who has only the files', () => {
  test('reads each frame and refuses those that are none', () => {
    const frame = z.object({
      header: z.string(),
      body: z.string(),
      erasable: z.string(),
      frame: z.string(),
    });
    const file = z
      .object({ cases: z.array(frame), refused: z.array(z.object({ frame: z.string() })) })
      .parse(read('frame.json'));
    for (const { frame: bytes, ...parts } of file.cases) {
      const decoded = decodeFrame(hex(bytes));
      if (typeof decoded === 'string') throw new Error(decoded);
      expect(Buffer.from(decoded.header).toString('hex')).toBe(parts.header);
      expect(Buffer.from(decoded.body).toString('hex')).toBe(parts.body);
      expect(Buffer.from(decoded.erasable).toString('hex')).toBe(parts.erasable);
    }
    for (const { frame: bytes } of file.refused)
      expect(decodeFrame(hex(bytes))).toBeTypeOf('string');
  });

  test('computes the chain ids', () => {
    const place = z.object({
      log: z.string(),
      topic: z.string(),
      partition: z.number(),
      random: z.string(),
      chain: z.string(),
    });
    for (const { log, topic, partition, random, chain } of z
      .object({ cases: z.array(place) })
      .parse(read('chain-id.json')).cases) {
      const fields = ['sandtrail-chain-v1', log, topic].map((text) => Buffer.from(text));
      const all = [...fields, u32(partition), hex(random)];
      expect(sha(...all.flatMap((field) => [u32(field.length), field]))).toBe(chain);
    }
  });

  test('computes the leaves, links and root', () => {
    const leaves = z.object({ cases: z.array(z.object({ entry: z.string(), leaf: z.string() })) });
    for (const { entry, leaf } of leaves.parse(read('leaf.json')).cases)
      expect(sha(Buffer.of(0), hex(entry))).toBe(leaf);
    const row = z.object({ pos: z.string(), leaf: z.string(), link: z.string() });
    const links = z
      .object({
        chain: z.string(),
        genesisLink: z.string(),
        rows: z.array(row),
        root: z.string(),
        far: row,
      })
      .parse(read('link.json'));
    expect(sha(Buffer.of(3), hex(links.chain))).toBe(links.genesisLink);
    let before = links.genesisLink;
    for (const { pos, leaf, link } of links.rows) {
      expect(sha(Buffer.of(2), hex(before), u64(pos), hex(leaf))).toBe(link);
      before = link;
    }
    const { far } = links;
    expect(sha(Buffer.of(2), hex(links.genesisLink), u64(far.pos), hex(far.leaf))).toBe(far.link);
    const [a = '', b = '', c = '', d = ''] = links.rows.map(({ leaf }) => leaf);
    expect(node(node(a, b), node(c, d))).toBe(links.root);
  });

  test('verifies the signatures', () => {
    const heartbeat = z
      .object({ publicKey: z.string(), text: z.string(), signature: z.string() })
      .parse(read('heartbeat.json'));
    expect(signed(heartbeat.publicKey, heartbeat.text, heartbeat.signature)).toBe(true);
    const { publicKey, signed: request } = z
      .object({
        publicKey: z.string(),
        signed: z.object({ request: z.string(), signature: z.string() }),
      })
      .parse(read('containment.json'));
    expect(signed(publicKey, request.request, request.signature)).toBe(true);
    const note = z
      .object({
        key: z.string(),
        cases: z.array(z.object({ note: z.string(), verdict: z.string() })),
      })
      .parse(read('note.json'));
    const rawKey = Buffer.from(note.key.split('+').slice(2).join('+'), 'base64').subarray(1);
    for (const { note: text, verdict } of note.cases) {
      const split = text.lastIndexOf('\n\n');
      const line = text.slice(split + 2).split('\n')[0] ?? '';
      const signature = Buffer.from(line.split(' ')[2] ?? '', 'base64').subarray(4);
      const holds = signed(
        rawKey.toString('base64'),
        text.slice(0, split + 1),
        signature.toString('base64'),
      );
      expect(holds).toBe(verdict === 'verified');
    }
  });
});

function node(left: string, right: string): string {
  return sha(Buffer.of(1), hex(left), hex(right));
}

function signed(publicKey: string, text: string, signature: string): boolean {
  const x = Buffer.from(publicKey, 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
