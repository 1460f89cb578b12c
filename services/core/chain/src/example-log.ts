// A small sealed log, the same every time: what tests, benches and vectors verify and tamper with.
import type { KeyObject } from 'node:crypto';
import { encodeFrame, sealedPart } from '@sandtrail/schemas/frame';
import type { HeadFile, TrustFile } from '@sandtrail/schemas/seal';
import { type ChainState, headOf, sealRecords, startChain } from './chain-state.ts';
import { signCheckpoint } from './checkpoint.ts';
import { privateKeyOfSeed, rawPublicKey } from './ed25519.ts';
import { type Hash, hashOfHex, hexOf, sha256 } from './hash.ts';
import { signHeartbeat } from './heartbeat.ts';
import { chainId, type LogPlace } from './identity.ts';
import type { SealedRow } from './row.ts';
import { extendRun, runHashStart } from './run-hash.ts';
import { formatVerifierKey } from './verifier-key.ts';
import type { ChainSource } from './verify-chain.ts';

/** One chain of the log, with its rows in memory. */
export interface ExampleChain {
  readonly identity: LogPlace;
  readonly chain: string;
  readonly rows: readonly SealedRow[];
  readonly state: ChainState;
}

/** A log with a chain of checkpoints, one of events, and what a user keeps outside of it. */
export interface ExampleLog {
  readonly control: ExampleChain;
  readonly events: ExampleChain;
  readonly trust: TrustFile;
  readonly heads: HeadFile;
}

interface ExampleOptions {
  /** Events of the one stream, without its opening and its heartbeats. */
  readonly eventCount: number;
  /** Every so many rows of the events chain a checkpoint is sealed. */
  readonly checkpointEvery?: number;
  /** Whether the stream is closed by `collector.stopped`. */
  readonly closed?: boolean;
}

/** The key of the example's checkpoints; it is public, as its seed is. */
export const exampleSignerKey = privateKeyOfSeed(sha256Bytes('example signer'));
/** The key of the example's heartbeats. */
export const exampleCollectorKey = privateKeyOfSeed(sha256Bytes('example collector'));
/** Who signs the example's checkpoints. */
export const exampleSigner = { name: 'sandtrail.example/signer', privateKey: exampleSignerKey };
/** The one stream of events. */
export const exampleStream = 'ebpf:node-1:1:sandbox-1:0';
const startNs = 1_764_000_000_000_000_000n;
const log = 'example';

/** Makes the log; the same options give the same bytes. */
export function exampleLog(options: ExampleOptions): ExampleLog {
  const eventsPlace = { log, topic: 'events', partition: 0 };
  const controlPlace = { log, topic: 'control', partition: 0 };
  const events = exampleChain(eventsPlace, streamBodies(options));
  const every = options.checkpointEvery ?? 16;
  const bodies: string[] = [];
  for (let size = every; size <= events.rows.length; size += every)
    bodies.push(checkpointBody(headAt(events, size), bodies.length));
  const beforeOwn = exampleChain(controlPlace, bodies);
  bodies.push(checkpointBody(headOf(beforeOwn.state), bodies.length));
  const control = exampleChain(controlPlace, bodies);
  const notes = [noteOf(control.state), noteOf(events.state)];
  const keys = [formatVerifierKey(exampleSigner.name, exampleSignerKey)];
  return {
    control,
    events,
    trust: { v: 1, keys, sealingRequired: true },
    heads: { v: 1, notes },
  };
}

/** Seals a genesis record and the bodies after it as the chain of a place. */
export function exampleChain(identity: LogPlace, bodies: readonly string[]): ExampleChain {
  const random = hexOf(sha256(Buffer.from(`${identity.topic}/${identity.partition}`))).slice(0, 32);
  const chain = chainId(identity, random);
  const genesis = bodyText('control.genesis', {
    stream: `gateway:${identity.topic}-${identity.partition}:0:control-log:0`,
    seq: 0,
    ...identity,
    random,
  });
  const parts = [genesis, ...bodies].map((body, i) => {
    const header = Buffer.from(exampleHeader(i));
    return { header, body: Buffer.from(body) };
  });
  const records = parts.map(({ header, body }, i) => {
    const frame = encodeFrame({ header, body, erasable: Buffer.alloc(0) });
    return { offset: BigInt(i), sealedPart: sealedPart(frame) };
  });
  const { seals, state } = sealRecords(startChain(chain), records);
  const rows = seals.flatMap(({ pos, offset, link }, i) => {
    const part = parts[i];
    return part === undefined ? [] : [{ pos, offset, ...part, link }];
  });
  return { identity, chain: hexOf(chain), rows, state };
}

/** The chain as the verifier takes it, with other rows where a test changed them. */
export function sourceOf(
  chain: ExampleChain,
  rows: readonly SealedRow[] = chain.rows,
): ChainSource {
  return { identity: chain.identity, chain: chain.chain, rows: streamOf(rows) };
}

/** A signed checkpoint over the whole of a chain. */
export function noteOf(state: ChainState, privateKey: KeyObject = exampleSignerKey): string {
  return signHead(headOf(state), privateKey);
}

async function* streamOf(rows: readonly SealedRow[]): AsyncGenerator<SealedRow> {
  yield* rows;
}

function headAt(chain: ExampleChain, size: number): ReturnType<typeof headOf> {
  const records = chain.rows.slice(0, size).map(({ offset, header, body }) => {
    const frame = encodeFrame({ header, body, erasable: Buffer.alloc(0) });
    return { offset, sealedPart: sealedPart(frame) };
  });
  return headOf(sealRecords(startChain(chain.state.chain), records).state);
}

function signHead(head: ReturnType<typeof headOf>, privateKey: KeyObject): string {
  const { chain, root, link } = head;
  const hashes = { chain: hashOfHex(chain), root: hashOfHex(root), link: hashOfHex(link) };
  return signCheckpoint({ ...hashes, size: head.size }, { ...exampleSigner, privateKey });
}

function checkpointBody(head: ReturnType<typeof headOf>, seq: number): string {
  return bodyText('control.checkpoint', {
    stream: 'signer:node-1:0:control-log:0',
    seq,
    signedChain: head.chain,
    size: head.size.toString(),
    note: signHead(head, exampleSignerKey),
  });
}

/** The bodies of one stream: its opening, events, a heartbeat after every eighth, and its end. */
export function streamBodies({ eventCount, closed = true }: ExampleOptions): string[] {
  const bodies: string[] = [];
  let run: Hash = runHashStart;
  const add = (kind: string, fields: Readonly<Record<string, unknown>>): void => {
    const body = bodyText(kind, { stream: exampleStream, seq: bodies.length, ...fields });
    bodies.push(body);
    run = extendRun(run, sha256(Buffer.from(body)));
  };
  const attest = (kind: string, fields: Readonly<Record<string, unknown>>): void => {
    const numbers = { upToSeq: `${bodies.length - 1}`, seen: `${bodies.length}`, dropped: '0' };
    const attestation = { stream: exampleStream, runHash: hexOf(run), ...numbers };
    const { stream: _stream, ...signed } = attestation;
    const signature = signHeartbeat(attestation, exampleCollectorKey);
    add(kind, { ...fields, ...signed, signature });
  };
  const publicKey = rawPublicKey(exampleCollectorKey).toString('base64');
  add('collector.started', { bootId: 'boot', mode: 'example', blindSpots: [], publicKey });
  for (let i = 0; i < eventCount; i += 1) {
    add('file.delete', { path: { raw: `/workspace/file-${i}` } });
    if (i % 8 === 7) attest('collector.heartbeat', {});
  }
  if (closed) attest('collector.stopped', { reason: 'done' });
  return bodies;
}

/** A header whose time is `i` milliseconds after the log began. */
export function exampleHeader(i: number): string {
  const timeNs = (startNs + BigInt(i) * 1_000_000n).toString();
  return JSON.stringify({
    tenant: 'example',
    sandbox: 'sandbox-1',
    incarnation: 0,
    trust: 'host',
    credential: 'node-1',
    receivedAtNs: timeNs,
    timeNs,
    admission: 'live',
  });
}

function bodyText(kind: string, fields: Readonly<Record<string, unknown>> & { seq: number }) {
  const { seq, stream, ...own } = { stream: '', ...fields };
  return JSON.stringify({
    kind,
    v: 1,
    stream,
    seq: seq.toString(),
    observedAtNs: startNs.toString(),
    ...own,
  });
}

function sha256Bytes(text: string): Buffer {
  return Buffer.from(hexOf(sha256(Buffer.from(text))), 'hex');
}
