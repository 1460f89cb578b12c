import { partitionOf } from '@sandtrail/detection/partition';
import { eventMeta } from '@sandtrail/schemas/body';
import { Body } from '@sandtrail/schemas/events';
import { decodeFrame } from '@sandtrail/schemas/frame';
import { Header } from '@sandtrail/schemas/header';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createAdmission } from './admit.ts';
import { hostSandbox } from './binding.ts';
import type { Credential } from './grant.ts';
import { SenderObservation } from './sender-line.ts';
import { execBody } from './testbed.ts';

const uid = SandboxUid.parse('sbx-alpha01');
const life = { uid, incarnation: 0, node: 'node-1', tenant: 'acme', state: 'open' } as const;
const host: Credential = { id: 'c1', tenant: 'acme', grant: { type: 'host', node: 'node-1' } };
const receivedAtNs = 1_790_000_000_000_000_000n;
const admission = createAdmission({
  find: (asked) => (asked.uid === uid && asked.incarnation === 0 ? life : undefined),
  version: () => 0,
  eventPartitions: 4,
});
const admit = (body: Buffer | string, credential = host) =>
  admission({ credential, body: Buffer.from(body), erasable: Buffer.alloc(0), receivedAtNs });
const body = execBody(0);

describe('admission', () => {
  test('frames the sender’s bytes and a header that the contract reads', () => {
    const result = admit(body);
    if (!result.ok) throw new Error(result.detail);
    const frame = decodeFrame(result.frame);
    if (typeof frame === 'string') throw new Error(frame);
    const header: unknown = JSON.parse(Buffer.from(frame.header).toString());
    expect(Buffer.from(frame.body).toString()).toBe(body);
    expect(Header.parse(header)).toMatchObject({ sandbox: uid, receivedAtNs });
    expect(JSON.stringify(z.encode(Header, Header.parse(header)))).toBe(
      Buffer.from(frame.header).toString(),
    );
    expect(result.place).toEqual({
      topic: 'events',
      partition: partitionOf(uid, { partitions: 4 }),
    });
  });

  const hostile: readonly (readonly [string, string | Buffer])[] = [
    ['duplicate keys', body.replace('{', '{"v":1,')],
    ['white space', body.replace(',', ', ')],
    ['a number beyond 2^53', body.replace('"pid":4242', '"pid":9007199254740993')],
    ['minus zero', body.replace('"pid":4242', '"pid":-0')],
    ['a fraction', body.replace('"pid":4242', '"pid":1.5')],
    ['a lone surrogate', body.replace('pytest', '\\ud800')],
    ['an odd escape', body.replace('pytest', '\\u0070ytest')],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from(body), Buffer.from([0xff])])],
    ['a byte order mark', `\ufeff${body}`],
    ['an unknown field', body.replace('{', '{"extra":1,')],
    ['a prototype', body.replace('{', '{"__proto__":{},')],
    ['a sequence number beyond 64 bits', body.replace('"seq":"0"', `"seq":"${2n ** 64n}"`)],
    ['a list', `[${body}]`],
    ['deep nesting', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['deep nesting in a field', body.replace('"argv":[', `"argv":[${'['.repeat(100_000)}`)],
    ['nothing', ''],
    ['a megabyte too much', body.replace('pytest', 'x'.repeat(1_048_577))],
  ];
  test.each(hostile)('refuses %s with a code', (_name, text) => {
    expect(admit(text)).toMatchObject({ ok: false, code: expect.stringMatching(/^[A-Z0-9_]+$/) });
  });

  test('takes NUL and other control characters, escaped, as they are', () => {
    expect(admit(body.replace('pytest', '\\u0000\\u001b[31m'))).toMatchObject({ ok: true });
  });

  test('refuses arbitrary bytes, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(admit(Buffer.from(bytes)).ok).toBe(false);
      }),
    );
  });

  test('gives a body that was changed anywhere the fate of a new body, and never throws', () => {
    const original = Buffer.from(body);
    fc.assert(
      fc.property(fc.nat(original.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(original);
        changed[at] = byte;
        const result = admit(changed);
        if (!result.ok) return;
        const frame = decodeFrame(result.frame);
        if (typeof frame === 'string') throw new Error(frame);
        expect(Buffer.from(frame.body).equals(changed)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('refuses arbitrary JSON values of the contract’s kinds, and never throws', () => {
    const kinds = fc.constantFrom(
      ...Body.options.map((kind) => [...kind.shape.kind.def.values][0]),
    );
    fc.assert(
      fc.property(kinds, fc.dictionary(fc.string(), fc.jsonValue()), (kind, fields) => {
        expect(admit(JSON.stringify({ ...fields, kind })).ok).toBe(false);
      }),
    );
  });
});

describe('binding', () => {
  const at = (stream: string) => execBody(0, { stream });

  test('lets a host write about the sandboxes that it registered and about itself', () => {
    expect(admit(at(`ebpf:node-1:3:${uid}:0`)).ok).toBe(true);
    expect(admit(at(`ebpf:node-1:3:${hostSandbox('node-1')}:0`)).ok).toBe(true);
    expect(admit(at(`ebpf:node-1:3:${hostSandbox('node-2')}:0`)).ok).toBe(false);
    expect(admit(at('ebpf:node-1:3:control-log:0')).ok).toBe(false);
  });

  test('names a node’s own records by a sandbox uid whatever the node’s name', () => {
    for (const node of ['n', 'Node_1.example', 'x'.repeat(64)]) {
      expect(SandboxUid.safeParse(hostSandbox(node)).success).toBe(true);
    }
  });

  test('believes the kernel’s collectors more than other collectors', () => {
    const trustOf = (stream: string) => {
      const result = admit(at(stream));
      if (!result.ok) throw new Error(result.detail);
      const frame = decodeFrame(result.frame);
      if (typeof frame === 'string') throw new Error(frame);
      return Header.parse(JSON.parse(Buffer.from(frame.header).toString())).trust;
    };
    expect(trustOf(`ebpf:node-1:3:${uid}:0`)).toBe('kernel');
    expect(trustOf(`egress:node-1:3:${uid}:0`)).toBe('host');
  });

  test('hears from inside a sandbox exactly the kinds that the contract grants it', () => {
    const granted = Body.options
      .filter((kind) => eventMeta.get(kind)?.senders.includes('sandbox'))
      .flatMap((kind) => [...kind.shape.kind.def.values]);
    const heard = SenderObservation.options.flatMap((kind) => [...kind.shape.kind.def.values]);
    expect(heard.toSorted()).toEqual(granted.toSorted());
  });
});

describe('partitions', () => {
  test('follow the first eight bytes of SHA-256 of the uid', () => {
    // printf sbx-alpha01 | sha256sum begins 4841dd6522625972.
    expect(partitionOf('sbx-alpha01', { partitions: 2 ** 32 })).toBe(0x22625972);
    expect(partitionOf('sbx-alpha01', { partitions: 1 })).toBe(0);
  });
});
