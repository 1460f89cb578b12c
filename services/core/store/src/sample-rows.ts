// Rows for tests and benches of the store: real links over made-up events.
import { type ChainState, sealRecords } from '@sandtrail/chain/chain-state';
import { encodeFrame, sealedPart } from '@sandtrail/schemas/frame';
import type { BlockRow } from './store.ts';

/** What a sample is made of: the parts' exact bytes. */
export interface SampleParts {
  readonly header: Buffer;
  readonly body: Buffer;
}

/** An event as a gateway frames it; `index` makes it unlike the others. */
export function sampleEvent(index: number): SampleParts {
  const sandbox = `sandbox-${String(index % 20).padStart(4, '0')}`;
  const timeNs = `${1_764_000_000_000_000_000n + BigInt(index) * 1_000_000n}`;
  const header = {
    tenant: 'default',
    sandbox,
    incarnation: 0,
    trust: 'kernel',
    credential: 'host:node1',
    receivedAtNs: timeNs,
    timeNs,
    admission: 'live',
  };
  const body = {
    kind: 'file.open',
    v: 1,
    stream: `ebpf:node1:3:${sandbox}:0`,
    seq: String(Math.floor(index / 20)),
    observedAtNs: timeNs,
    process: { pid: 1000 + (index % 50), startNs: '1', ppid: 999, exe: '/usr/bin/python3.11' },
    path: { raw: `/workspace/src/module-${index % 997}/file-${index}.py` },
    access: 'read',
    create: false,
    flags: 524_288,
  };
  return { header: Buffer.from(JSON.stringify(header)), body: Buffer.from(JSON.stringify(body)) };
}

/** Seals samples after `state`, one offset for each position. */
export function sealSamples(
  state: ChainState,
  parts: readonly SampleParts[],
  appendedAtMs: number,
) {
  const empty = Buffer.alloc(0);
  const first = state.nextPos;
  const records = parts.map(({ header, body }, index) => ({
    offset: first + BigInt(index),
    sealedPart: sealedPart(encodeFrame({ header, body, erasable: empty })),
  }));
  const sealed = sealRecords(state, records);
  const rows = sealed.seals.map((seal, index): BlockRow => {
    const { header, body } = parts[index] ?? { header: empty, body: empty };
    return { pos: seal.pos, offset: seal.offset, link: seal.link, header, body, appendedAtMs };
  });
  return { rows, state: sealed.state };
}
