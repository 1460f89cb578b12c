import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ChainState, startChain } from '@sandtrail/chain/chain-state';
import { hexOf } from '@sandtrail/chain/hash';
import { chainId } from '@sandtrail/chain/identity';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { TrustFile } from '@sandtrail/schemas/seal';
import type { Topic } from '@sandtrail/schemas/topics';
import { connectReader, type OpenedStore, openStore } from '@sandtrail/store/open-store';
import { type SampleParts, sampleEvent, sealSamples } from '@sandtrail/store/sample-rows';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readHeadFile } from './head-file.ts';
import { loadSigningKey, type SigningKey, writeTrustFile } from './key-file.ts';
import { writeSignedState } from './signed-state.ts';
import { type ReleasedCheckpoint, type Signer, startSigner } from './signer.ts';
import { verifyStore } from './verify-store.ts';

const root = mkdtempSync(path.join(tmpdir(), 'signer-test-'));
const counters = createCounters();
const logger = silentLogger;
const random = '00'.repeat(16);
let store: OpenedStore;
let key: SigningKey;

beforeAll(async () => {
  store = await openStore({ dir: path.join(root, 'store'), logger, counters });
  key = await loadSigningKey({ path: path.join(root, 'key.pem'), name: 'sandtrail/test' });
});

afterAll(async () => {
  await store.close();
  rmSync(root, { recursive: true });
});

/** A chain that tests grow by hand, with a genesis record at its beginning. */
async function makeChain(topic: Topic, partition: number) {
  const chain = chainId({ log: 'test', topic, partition }, random);
  await store.addChain({ chain: hexOf(chain), log: 'test', topic, partition });
  const genesis = { kind: 'control.genesis', log: 'test', topic, partition, random };
  const observedAtNs = '1';
  const common = {
    v: 1,
    observedAtNs,
    stream: `gateway:${topic}-${partition}:0:control-log:0`,
    seq: '0',
  };
  const body = Buffer.from(JSON.stringify({ ...genesis, ...common }));
  return grow({ topic, partition, state: startChain(chain) }, [{ ...sampleEvent(0), body }]);
}

interface Grown {
  readonly topic: Topic;
  readonly partition: number;
  readonly state: ChainState;
}

async function grow(
  { topic, partition, state }: Grown,
  parts: readonly SampleParts[],
): Promise<Grown> {
  const sealed = sealSamples(state, parts, Date.UTC(2026, 1, 1));
  await store.insertBlock({ chain: hexOf(state.chain), topic, partition, rows: sealed.rows });
  return { topic, partition, state: sealed.state };
}

function events(count: number, from = 0): readonly SampleParts[] {
  return Array.from({ length: count }, (_, index) => sampleEvent(from + index));
}

interface SigningOptions {
  readonly name: string;
  readonly failures?: number;
}

async function sign({ name, failures = 0 }: SigningOptions) {
  const released: ReleasedCheckpoint[] = [];
  const headFile = path.join(root, `${name}-heads.json`);
  let failing = failures;
  const reader = connectReader({ target: store.readTarget, counters });
  const signer: Signer = await startSigner({
    store: reader,
    key,
    stateDir: path.join(root, name),
    headFile,
    release: async (checkpoint) => {
      failing -= 1;
      if (failing >= 0) throw new Error('nobody takes it');
      released.push(checkpoint);
    },
    clock: systemClock,
    logger,
    counters,
    intervalMs: 100_000,
  });
  const stop = async () => {
    await signer.stop();
    await reader.close();
  };
  return { signer, released, headFile, stop };
}

const sizesOf = (released: readonly ReleasedCheckpoint[], { state }: Grown) =>
  released.filter(({ chain }) => chain === hexOf(state.chain)).map(({ size }) => size);

describe('the signer', () => {
  test('signs what grew, and the head file anchors a verification', async () => {
    const control = await makeChain('control', 0);
    const chain = await grow(await makeChain('events', 0), events(50));
    const { signer, released, headFile, stop } = await sign({ name: 'first' });
    await signer.signNow();
    expect(sizesOf(released, chain)).toEqual([51n]);
    expect(sizesOf(released, control)).toEqual([1n]);
    await grow(chain, events(9, 50));
    await signer.signNow();
    await signer.signNow();
    expect(sizesOf(released, chain)).toEqual([51n, 60n]);
    await stop();
    const trustFile = path.join(root, 'trust.json');
    await writeTrustFile(trustFile, [key.verifierKey]);
    const trust = TrustFile.parse(JSON.parse(readFileSync(trustFile, 'utf8')));
    const heads = await readHeadFile(headFile);
    const report = await verifyStore({ store, trust, heads });
    expect(report.findings).toEqual([]);
    expect(report.verdict).toBe('verified');
    expect((await verifyStore({ store, trust })).verdict).toBe('unanchored');
  });

  test('signs nothing because of its own checkpoints or signs of life, until it is time', async () => {
    const chain = await grow(await makeChain('events', 1), events(1));
    const { signer, released, stop } = await sign({ name: 'quiet' });
    await signer.signNow();
    const own = { kind: 'control.checkpoint', stream: 's:n:1:sandbox:0', seq: '0' };
    const { header } = sampleEvent(0);
    await grow(chain, [{ header, body: Buffer.from(JSON.stringify(own)) }]);
    await signer.signNow();
    expect(sizesOf(released, chain)).toEqual([2n]);
    await stop();
  });

  test('keeps a checkpoint that nobody took and hands the newest on', async () => {
    const chain = await grow(await makeChain('events', 2), events(3));
    const { signer, released, stop } = await sign({ name: 'kept', failures: 1 });
    await signer.signNow();
    expect(released).toEqual([]);
    await signer.signNow();
    expect(sizesOf(released, chain)).toEqual([4n]);
    await stop();
    const again = await sign({ name: 'kept' });
    await again.signer.signNow();
    expect(sizesOf(again.released, chain)).toEqual([4n]);
    await again.stop();
  });

  test('refuses a chain whose rows do not follow what it signed', async () => {
    const chain = await grow(await makeChain('events', 3), events(5));
    const { signer, released, stop } = await sign({ name: 'refuses' });
    await signer.signNow();
    await grow({ ...chain, state: { ...chain.state, link: 'x'.repeat(32) } }, events(2));
    await signer.signNow();
    expect(sizesOf(released, chain)).toEqual([6n]);
    expect(signer.refused().get(hexOf(chain.state.chain))).toMatchObject({
      code: 'SIGNER_REFUSED',
    });
    await stop();
  });

  test('refuses a chain in which another row stands where it signed before', async () => {
    const chain = await grow(await makeChain('findings', 0), events(5));
    const other = { ...chain.state, link: 'y'.repeat(32) };
    const made = await sign({ name: 'other' });
    await made.stop();
    await writeSignedState(path.join(root, 'other'), { state: other, note: 'n' });
    const { signer, stop } = await sign({ name: 'other' });
    await signer.signNow();
    expect([...signer.refused().keys()]).toContain(hexOf(chain.state.chain));
    await stop();
  });

  test('will not start when it cannot read what it signed', async () => {
    const dir = path.join(root, 'first');
    const [name = ''] = await readdir(dir);
    await writeFile(path.join(dir, name), '{}');
    await expect(sign({ name: 'first' })).rejects.toMatchObject({ code: 'SIGNER_REFUSED' });
  });
});

describe('a key file', () => {
  test('is for its owner alone and stays the same', async () => {
    const file = path.join(root, 'key.pem');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await loadSigningKey({ path: file, name: 'sandtrail/test' });
    expect(again.verifierKey).toBe(key.verifierKey);
  });

  test('that others may read is refused', async () => {
    const file = path.join(root, 'open.pem');
    await loadSigningKey({ path: file, name: 'k' });
    await chmod(file, 0o644);
    await expect(loadSigningKey({ path: file, name: 'k' })).rejects.toMatchObject({
      code: 'KEY_UNUSABLE',
    });
  });
});
