import { publicKeyOf } from '@sandtrail/chain/ed25519';
import { hexOf, sha256 } from '@sandtrail/chain/hash';
import { verifyHeartbeat } from '@sandtrail/chain/heartbeat';
import { extendRun, runHashStart } from '@sandtrail/chain/run-hash';
import { Body } from '@sandtrail/schemas/events';
import type { Observation } from '@sandtrail/schemas/observation';
import { checkRim } from '@sandtrail/schemas/rim';
import { sample } from '@sandtrail/secrets/sample';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KitTestbed, openKitTestbed } from './testbed.ts';
import { textOf } from './text-of.ts';

const token = `gh${'p_'}${sample('base62', 36, 8)}`;
const tool = (input: string): Observation => ({
  kind: 'tool.call',
  observedAtNs: '1',
  tool: 'Bash',
  callId: 'c',
  input,
});
const parse = (bodies: readonly string[]) => bodies.map((body) => Body.parse(JSON.parse(body)));

/** What a stranger would check of one stream's bodies; returns the bodies. */
function expectAttested(bodies: readonly string[]) {
  const parsed = parse(bodies);
  let run = runHashStart;
  let gaps = 0n;
  const key = parsed[0]?.kind === 'collector.started' ? parsed[0].publicKey : '';
  const publicKey = publicKeyOf(Buffer.from(key, 'base64'));
  if (publicKey === undefined) throw new Error('no key');
  parsed.forEach((body, index) => {
    expect(body.seq).toBe(BigInt(index));
    if (body.kind === 'collector.gap') gaps += body.count;
    if (body.kind === 'collector.heartbeat' || body.kind === 'collector.stopped') {
      const { stream, runHash, signature } = body;
      const numbers = {
        upToSeq: `${body.upToSeq}`,
        seen: `${body.seen}`,
        dropped: `${body.dropped}`,
      };
      expect(body.upToSeq).toBe(body.seq - 1n);
      expect(body.seen).toBe(body.seq + body.dropped);
      expect(runHash).toBe(hexOf(run));
      expect(verifyHeartbeat({ stream, runHash, signature, ...numbers }, publicKey)).toBe(true);
    }
    run = extendRun(run, sha256(Buffer.from(bodies[index] ?? '')));
  });
  const last = parsed.at(-1);
  if (last?.kind === 'collector.stopped') expect(last.dropped).toBe(gaps);
  return parsed;
}

async function withKit(use: (bed: KitTestbed) => Promise<void>, config = {}) {
  const bed = openKitTestbed({ config });
  try {
    await use(bed);
  } finally {
    await bed.remove();
  }
}

describe('a stream', () => {
  test('begins with the epoch’s key and ends with a signed statement over all of it', async () => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      for (let at = 0; at < 25; at += 1) stream.emit(tool(`call ${at}`));
      await bed.kit.close('over');
      const parsed = expectAttested(bed.shipper.bodies);
      expect(parsed.map((body) => body.kind)).toEqual([
        'collector.started',
        ...Array(25).fill('tool.call'),
        'collector.stopped',
      ]);
    });
  });

  test('has a heartbeat at least every so many records, and every so often without any', async () => {
    await withKit(
      async (bed) => {
        const stream = await bed.open();
        for (let at = 0; at < 30; at += 1) stream.emit(tool(`${at}`));
        await new Promise((resolve) => setTimeout(resolve, 130));
        await bed.kit.close('over');
        const kinds = expectAttested(bed.shipper.bodies).map((body) => body.kind);
        const beats = kinds.flatMap((kind, at) => (kind === 'collector.heartbeat' ? [at] : []));
        expect(beats.slice(0, 3)).toEqual([10, 21, 32]);
        expect(beats.length).toBeGreaterThanOrEqual(4);
      },
      { heartbeatRecords: 10, heartbeatMs: 40 },
    );
  });

  test('keeps the order in which things were emitted, although the second engine answers later', async () => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      for (let at = 0; at < 300; at += 1)
        stream.emit(tool(at % 3 === 0 ? `${at} ${token}` : `${at} plain`));
      await bed.kit.close('over');
      const inputs = expectAttested(bed.shipper.bodies).flatMap((body) =>
        body.kind === 'tool.call' ? [Number.parseInt(body.input, 10)] : [],
      );
      expect(inputs).toEqual(Array.from({ length: 300 }, (_, at) => at));
    });
  });

  test('passes over the second engine when too much waits for it, and says so', async () => {
    await withKit(
      async (bed) => {
        const stream = await bed.open();
        for (let at = 0; at < 100; at += 1) stream.emit(tool(`${at} ${token}`));
        await bed.kit.close('over');
        expect(expectAttested(bed.shipper.bodies).length).toBe(102);
        expect(bed.counters.snapshot()['kit.second_look_skipped']).toBeGreaterThan(0);
        expect(bed.shipper.bodies.join()).not.toContain(token);
      },
      { scanQueueMax: 8 },
    );
  });

  test('is opened once in an epoch, and a closed one takes nothing more', async () => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      await expect(bed.open()).rejects.toMatchObject({ code: 'STREAM_TAKEN' });
      await stream.close('over');
      stream.emit(tool('late'));
      await expect(bed.open()).rejects.toMatchObject({ code: 'STREAM_TAKEN' });
      await bed.kit.close('over');
      expect(bed.shipper.bodies.length).toBe(2);
      expect(bed.counters.snapshot()['kit.dropped{closed}']).toBe(1);
    });
  });

  test('tells what its collector lost, joined, never one record for each loss', async () => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      const loss = { source: 'ring', firstNs: 5n, lastNs: 9n, reason: 'ring_full' } as const;
      for (let at = 0; at < 500; at += 1)
        stream.lost({ ...loss, count: 2n, lastNs: BigInt(9 + at) });
      await bed.kit.close('over');
      const gaps = expectAttested(bed.shipper.bodies).filter(
        (body) => body.kind === 'collector.gap',
      );
      expect(gaps.length).toBe(2);
      expect(gaps.reduce((sum, gap) => sum + gap.count, 0n)).toBe(1000n);
      expect(gaps.at(-1)).toMatchObject({
        firstNs: 5n,
        lastNs: 508n,
        source: 'ring',
        scope: 'sandbox',
      });
    });
  });
});

describe('a record', () => {
  test('holds masks instead of secrets, in free text and arguments', async () => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      stream.emit(tool(`export T=${token}`));
      stream.emit({
        kind: 'process.exec',
        observedAtNs: '2',
        exe: { raw: '/bin/x' },
        argv: ['x', token],
      });
      await bed.kit.close('over');
      expect(bed.shipper.bodies.join()).not.toContain(token);
      const [, call, exec] = expectAttested(bed.shipper.bodies);
      expect(call?.redactions).toMatchObject([{ field: 'input', rule: 'github-token', start: 9 }]);
      expect(exec?.redactions).toMatchObject([{ field: 'argv.1', rule: 'github-token', start: 0 }]);
    });
  });

  test('cuts what is too long and keeps size and hash of the original', async () => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      const long = 'ä'.repeat(70_000);
      stream.emit(tool(long));
      stream.emit({
        kind: 'process.exec',
        observedAtNs: '2',
        exe: { raw: '/bin/x' },
        argv: Array.from({ length: 100 }, (_, at) => `${at}`),
      });
      await bed.kit.close('over');
      const [, call, exec] = expectAttested(bed.shipper.bodies);
      expect(call).toMatchObject({
        input: 'ä'.repeat(65_536),
        raw: [{ field: 'input', sizeBytes: 140_000, sha256: hexOf(sha256(Buffer.from(long))) }],
      });
      expect(exec).toMatchObject({ argvOmitted: 36 });
    });
  });

  test('keeps bytes that are not UTF-8 apart from others that look the same', async () => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      for (const byte of [0xff, 0xfe]) {
        const { text, raw } = textOf(Buffer.from([0x2f, byte]), 'path.raw');
        stream.emit({
          kind: 'file.delete',
          observedAtNs: '2',
          path: { raw: text },
          raw: raw === undefined ? [] : [raw],
        });
      }
      await bed.kit.close('over');
      const [, first, second] = expectAttested(bed.shipper.bodies);
      expect(first).toMatchObject({ path: { raw: '/\ufffd' }, raw: [{ base64: 'L/8=' }] });
      expect(second).toMatchObject({ path: { raw: '/\ufffd' }, raw: [{ base64: 'L/4=' }] });
    });
  });

  test('gives away no secret through the original’s bytes or hash', async () => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      const { text, raw } = textOf(
        Buffer.concat([Buffer.from(`${token} `), Buffer.from([0xff])]),
        'argv.0',
      );
      expect(raw?.base64).toBeDefined();
      stream.emit({
        kind: 'process.exec',
        observedAtNs: '2',
        exe: { raw: '/bin/x' },
        argv: [text],
        raw: raw === undefined ? [] : [raw],
      });
      await bed.kit.close('over');
      const [, exec] = expectAttested(bed.shipper.bodies);
      expect(exec?.raw).toEqual([
        { field: 'argv.0', sizeBytes: 42, sha256: expect.not.stringContaining(raw?.sha256 ?? '') },
      ]);
    });
  });

  test('of more than a mebibyte is cut until it fits', async () => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      stream.emit({
        kind: 'model.output',
        observedAtNs: '2',
        model: 'm',
        text: '\u0001'.repeat(262_144),
      });
      await bed.kit.close('over');
      const [, output] = expectAttested(bed.shipper.bodies);
      expect(output).toMatchObject({
        kind: 'model.output',
        raw: [{ field: 'text', sizeBytes: 262_144 }],
      });
    });
  });

  test('carries what the collector’s own scanner masked before', async () => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      const redaction = {
        field: 'text',
        rule: 'github-token',
        class: 'secret',
        start: 700,
        length: 40,
        masked: 'gh…xy',
      } as const;
      stream.emit(
        {
          kind: 'command.output',
          observedAtNs: '2',
          channel: 'stdout',
          startByte: 0,
          sizeBytes: 3,
          text: 'abc',
        },
        { redactions: [redaction] },
      );
      await bed.kit.close('over');
      expect(expectAttested(bed.shipper.bodies)[1]?.redactions).toEqual([redaction]);
    });
  });
});

describe('hostile observations', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('\ud800', 'a\udfff', '\u0000', token, '__proto__', 'x'.repeat(5000), '\u2028'),
  );
  const odd = fc.oneof(
    text,
    fc.double(),
    fc.constantFrom(null, undefined, Number.NaN, -0, 2 ** 60),
    fc.array(text, { maxLength: 80 }),
    fc.object(),
  );

  test('never throw, never break the numbers, and never reach the gateway in a form that it refuses', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record(
            { input: fc.oneof(text, odd), tool: text, callId: odd, seq: odd, extra: odd, raw: odd },
            { requiredKeys: ['input'] },
          ),
          { maxLength: 15 },
        ),
        fc.array(text, { maxLength: 5 }),
        async (calls, texts) => {
          await withKit(async (bed) => {
            const stream = await bed.open();
            const given = [
              ...calls.map((fields) => ({ ...tool(''), ...fields })),
              ...texts.map((path) => ({
                kind: 'file.delete',
                observedAtNs: '1',
                path: { raw: path },
              })),
            ];
            for (const observation of given) Reflect.apply(stream.emit, stream, [observation]);
            await bed.kit.close('over');
            for (const body of bed.shipper.bodies)
              expect(checkRim(Buffer.from(body))).toMatchObject({ ok: true });
            const parsed = expectAttested(bed.shipper.bodies);
            const told = parsed.filter((body) => !body.kind.startsWith('collector.')).length;
            const last = parsed.at(-1);
            expect(BigInt(told) + (last?.kind === 'collector.stopped' ? last.dropped : 0n)).toBe(
              BigInt(given.length),
            );
            expect(told).toBeGreaterThanOrEqual(texts.length);
            expect(bed.shipper.bodies.join()).not.toContain(token);
          });
        },
      ),
      { numRuns: 40, seed: 3 },
    );
  });

  test.each([
    [
      'a getter that throws',
      {
        get kind() {
          throw new Error('no');
        },
      },
    ],
    ['nothing', undefined],
    ['no kind', {}],
    ['the kit’s own kind', { kind: 'collector.heartbeat', observedAtNs: '1' }],
  ])('%s is dropped and told as malformed', async (_name, observation) => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      Reflect.apply(stream.emit, stream, [observation]);
      await bed.kit.close('over');
      expect(expectAttested(bed.shipper.bodies)[1]).toMatchObject({
        kind: 'collector.gap',
        reason: 'malformed',
        count: 1n,
      });
    });
  });

  test('cannot speak for the kit: numbers, stream and redactions are its own', async () => {
    await withKit(async (bed) => {
      const stream = await bed.open();
      Reflect.apply(stream.emit, stream, [
        { ...tool('x'), seq: '99', stream: 'a:b:1:sandbox-9:0', v: 2, redactions: [] },
      ]);
      await bed.kit.close('over');
      expect(expectAttested(bed.shipper.bodies)[1]).toMatchObject({
        v: 1,
        seq: 1n,
        stream: stream.id,
      });
    });
  });
});
