import type { VerifyReport } from '@sandtrail/schemas/seal';
import { expect, test } from 'vitest';
import { headOf, sealRecords, startChain } from './chain-state.ts';
import { signCheckpoint } from './checkpoint.ts';
import { privateKeyOfSeed } from './ed25519.ts';
import {
  type ExampleChain,
  exampleChain,
  exampleLog,
  exampleSigner,
  exampleSignerKey,
  noteOf,
  sourceOf,
  streamBodies,
} from './example-log.ts';
import { hashOfHex, hexOf } from './hash.ts';
import type { SealedRow } from './row.ts';
import { exitOf } from './verdict.ts';
import { formatVerifierKey } from './verifier-key.ts';
import { verifyAll } from './verify-all.ts';

const log = exampleLog({ eventCount: 60 });
const { control, events, trust, heads } = log;
const strangerKey = privateKeyOfSeed(Buffer.alloc(32, 66));

test('a history sealed anew from a changed row on contradicts the first checkpoint after it', async () => {
  const report = await verify({ events: resealed(20) });
  // The collector's own signature is a second witness, and a closer one: the stream was changed.
  expect(report.findings).toMatchObject([
    { code: 'attestation_mismatch', position: 28n },
    { code: 'root_mismatch', position: 31n },
  ]);
  expect(report.findings[1]?.detail).toMatch(/from position 16 to 31/);
  expect(exitOf(report)).toBe(1);
});

test('a history sealed anew, with its checkpoints signed anew by the same key, is inconsistent', async () => {
  const forged = resealed(20);
  const body = JSON.parse(control.rows[1]?.body.toString() ?? '');
  const note = noteOf(forged.state);
  const size = forged.state.nextPos.toString();
  const forgedControl = exampleChain(control.identity, [JSON.stringify({ ...body, size, note })]);
  const older = { v: 1 as const, notes: [noteAt(events, 40)] };
  const report = await verifyAll({
    chains: [sourceOf(forgedControl), sourceOf(forged)],
    trust,
    heads: older,
  });
  const found = report.findings.filter(({ chain }) => chain === events.chain);
  expect(found).toMatchObject([
    { code: 'attestation_mismatch', position: 28n },
    { code: 'inconsistent', position: 39n },
  ]);
});

test('two heads of one size under a valid key are equivocation', async () => {
  const shown = { v: 1 as const, notes: [...heads.notes, noteOf(resealed(20).state)] };
  const report = await verify({ heads: shown });
  expect(codes(report)).toEqual(['equivocation']);
});

test('rows cut behind a sealed checkpoint are truncated even without an outside head', async () => {
  const report = await verify({ heads: undefined, rows: events.rows.slice(0, 50) });
  expect(report.findings.find(({ code }) => code === 'truncated')).toMatchObject({
    chain: events.chain,
    position: 49n,
  });
  expect(exitOf(report)).toBe(1);
});

test('an older state put back as a whole is a rollback of every chain', async () => {
  const report = await verify({
    rows: events.rows.slice(0, 20),
    controlRows: control.rows.slice(0, 2),
  });
  expect(codes(report)).toEqual(['rollback', 'rollback']);
});

test('a head by a key that is not pinned anchors nothing', async () => {
  const foreign = { v: 1 as const, notes: heads.notes.map((_, i) => foreignNote(i)) };
  const report = await verify({ heads: foreign });
  expect(new Set(codes(report))).toEqual(new Set(['unknown_key']));
  expect(report.chains.every(({ anchored }) => !anchored)).toBe(true);
  expect(exitOf(report)).toBe(1);
});

test('a forged head is a bad signature and is not used', async () => {
  const forged = {
    v: 1 as const,
    notes: heads.notes.map((note) => note.replace(/\n\d+\n/, '\n7\n')),
  };
  const report = await verify({ heads: forged });
  expect(codes(report)).toEqual(['bad_signature', 'bad_signature']);
});

test('text that is no note at all is a bad signature, not a crash', async () => {
  const noise = { v: 1 as const, notes: ['', 'x'.repeat(4096), '\n\n', 'a\n\n— b c\n'] };
  const report = await verify({ heads: noise });
  expect(new Set(codes(report))).toContain('bad_signature');
});

test('a further signature by an unknown key changes nothing', async () => {
  const line = foreignNote(0);
  const extra = line.slice(line.lastIndexOf('—'));
  const report = await verify({ heads: { v: 1, notes: heads.notes.map((note) => note + extra) } });
  expect([codes(report), exitOf(report)]).toEqual([[], 0]);
});

test('a pinned key of another algorithm is refused', async () => {
  const keys = [
    ...trust.keys,
    `other+00000000+${Buffer.of(2, ...Buffer.alloc(40)).toString('base64')}`,
  ];
  const report = await verify({ trust: { ...trust, keys } });
  expect(codes(report)).toEqual(['alg_refused']);
});

test('a malformed pinned key stops with its code', async () => {
  const keys = ['not a key'];
  await expect(verify({ trust: { ...trust, keys } })).rejects.toMatchObject({
    code: 'TRUST_INVALID',
  });
});

test('a head of an older size anchors the chain that grew on', async () => {
  const older = { v: 1 as const, notes: [noteAt(events, 40), noteAt(control, 3)] };
  const report = await verify({ heads: older });
  expect([codes(report), exitOf(report)]).toEqual([[], 0]);
});

test('a chain that the head file does not name is unanchored by name', async () => {
  const report = await verify({ heads: { v: 1, notes: [noteAt(events, 40)] } });
  expect(report.findings).toMatchObject([{ code: 'unanchored', chain: control.chain }]);
  expect(exitOf(report)).toBe(2);
});

test('a forged sealed checkpoint is named at the record that holds it', async () => {
  const body = JSON.parse(control.rows[1]?.body.toString() ?? '');
  const note = body.note.replace(/\n16\n/, '\n17\n');
  const forged = exampleChain(control.identity, [JSON.stringify({ ...body, note })]);
  const report = await verifyAll({
    chains: [sourceOf(forged), sourceOf(events)],
    trust,
    heads: { v: 1, notes: [noteOf(forged.state), noteOf(events.state)] },
  });
  expect(report.findings).toMatchObject([
    { code: 'bad_signature', chain: forged.chain, position: 1n },
  ]);
});

test('a topic made anew under another genesis is another chain, and the old one is missing', async () => {
  const other = exampleChain({ ...events.identity, partition: 1 }, streamBodies({ eventCount: 4 }));
  const report = await verifyAll({ chains: [sourceOf(control), sourceOf(other)], trust, heads });
  expect(codes(report)).toContain('missing_chain');
});

test('rows stated to be of another partition have the wrong identity', async () => {
  const moved = { ...sourceOf(events), identity: { ...events.identity, partition: 3 } };
  const report = await verifyAll({ chains: [sourceOf(control), moved], trust, heads });
  expect(codes(report)).toEqual(['chain_identity']);
});

test('a stated chain id that the genesis record does not give is named', async () => {
  const claimed = { ...sourceOf(events), chain: 'ab'.repeat(32) };
  const report = await verifyAll({ chains: [sourceOf(control), claimed], trust, heads });
  expect(codes(report)).toEqual(['chain_identity']);
  expect(report.chains[1]?.chain).toBe(events.chain);
});

test('a chain without a genesis record has no identity', async () => {
  const [, ...rest] = events.rows;
  const records = rest.map((row, i) => ({ offset: BigInt(i), sealedPart: partOf(row) }));
  const { seals } = sealRecords(startChain(hashOfHex(events.chain)), records);
  const rows = seals.flatMap(({ pos, offset, link }, i) => {
    const row = rest[i];
    return row === undefined ? [] : [{ ...row, pos, offset, link }];
  });
  const report = await verifyAll({ chains: [sourceOf(events, rows)] });
  expect(codes(report)).toContain('chain_identity');
});

test('offsets that the log lost are an offset gap where they are missing', async () => {
  const kept = events.rows.filter((_, i) => i !== 12);
  const records = kept.map((row) => ({ offset: row.offset, sealedPart: partOf(row) }));
  const { seals } = sealRecords(startChain(hashOfHex(events.chain)), records);
  const rows = kept.map((row, i) => ({ ...row, ...seals[i], pos: BigInt(i) }));
  const report = await verifyAll({ chains: [sourceOf(events, rows)] });
  expect(report.findings).toContainEqual(
    expect.objectContaining({ code: 'offset_gap', position: 12n }),
  );
});

test('findings made elsewhere decide the verdict too', async () => {
  const detail = 'column exe differs from the sealed body';
  const finding = {
    code: 'projection_mismatch',
    chain: events.chain,
    position: 3n,
    detail,
  } as const;
  const report = await verifyAll({
    chains: [sourceOf(events), sourceOf(control)],
    trust,
    heads,
    outside: () => [finding],
  });
  expect([report.findings, exitOf(report)]).toEqual([[finding], 1]);
});

test('a flood of findings of one code is bounded and counted', async () => {
  const rows = events.rows.map((row) => ({ ...row, link: Buffer.alloc(32, 1) }));
  const finding = {
    code: 'projection_mismatch',
    chain: null,
    position: null,
    detail: 'x',
  } as const;
  const report = await verifyAll({
    chains: [sourceOf(events, rows)],
    outside: () => Array.from({ length: 1000 }, () => finding),
  });
  const listed = report.findings.filter(({ code }) => code === 'projection_mismatch');
  expect(listed).toHaveLength(257);
  expect(listed.at(-1)?.detail).toBe('and 744 more');
});

interface Options {
  readonly events?: ExampleChain;
  readonly rows?: readonly SealedRow[];
  readonly controlRows?: readonly SealedRow[];
  readonly trust?: typeof trust;
  readonly heads?: typeof heads | undefined;
}

function verify(options: Options): Promise<VerifyReport> {
  const rows = options.rows ?? options.events?.rows ?? events.rows;
  const chains = [sourceOf(events, rows), sourceOf(control, options.controlRows ?? control.rows)];
  return verifyAll({ chains, trust, heads, ...options });
}

function codes(report: VerifyReport): string[] {
  return report.findings.map(({ code }) => code);
}

/** The chain of events with the body at `pos` changed and everything after it sealed anew. */
function resealed(pos: number): ExampleChain {
  const bodies = streamBodies({ eventCount: 60 });
  const body = bodies[pos - 1]?.replace('/workspace/', '/elsewhere/') ?? '';
  return exampleChain(events.identity, bodies.toSpliced(pos - 1, 1, body));
}

function noteAt(chain: ExampleChain, size: number): string {
  const records = chain.rows
    .slice(0, size)
    .map((row) => ({ offset: row.offset, sealedPart: partOf(row) }));
  return noteOf(sealRecords(startChain(chain.state.chain), records).state, exampleSignerKey);
}

function foreignNote(i: number): string {
  const head = headOf(i === 0 ? control.state : events.state);
  const { chain, root, link } = head;
  const hashes = { chain: hashOfHex(chain), root: hashOfHex(root), link: hashOfHex(link) };
  return signCheckpoint(
    { ...hashes, size: head.size },
    { ...exampleSigner, privateKey: strangerKey },
  );
}

function partOf({ header, body }: SealedRow): Buffer {
  const lengths = [header, body].map((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return Buffer.concat([length, part]);
  });
  return Buffer.concat(lengths);
}

test('the pinned key is the one that the example signs with', () => {
  expect(trust.keys).toEqual([formatVerifierKey(exampleSigner.name, exampleSignerKey)]);
  expect(hexOf(events.state.chain)).toBe(events.chain);
});
