// Admission: one record from a sender becomes a frame of the log, or is refused with a code. Pure.
import { hash } from 'node:crypto';
import type { Place } from '@sandtrail/bus/bus';
import { partitionOf } from '@sandtrail/detection/partition';
import type { Sender } from '@sandtrail/schemas/body';
import { eventMeta } from '@sandtrail/schemas/body';
import type { ErrorCode } from '@sandtrail/schemas/errors';
import { Body } from '@sandtrail/schemas/events';
import { encodeFrame } from '@sandtrail/schemas/frame';
import type { Header } from '@sandtrail/schemas/header';
import { quickSchema } from '@sandtrail/schemas/quick-schema';
import { checkRim } from '@sandtrail/schemas/rim';
import { bodySizeBytesMax, type Trust } from '@sandtrail/schemas/scalars';
import type { StreamId } from '@sandtrail/schemas/stream';
import { topicOf } from '@sandtrail/schemas/topics';
import { type Binding, bindStream, type FindSandbox, trustOf } from './binding.ts';
import { type Credential, mayEmit } from './grant.ts';

/** One record as it came in. */
export interface IncomingRecord {
  readonly credential: Credential;
  readonly body: Buffer;
  readonly erasable: Buffer;
  readonly receivedAtNs: bigint;
}

/** A record that may enter the log: its frame, its place and its identity. */
export interface AdmittedRecord {
  readonly ok: true;
  readonly place: Place;
  readonly frame: Buffer;
  readonly stream: StreamId;
  readonly seq: bigint;
  /** SHA-256 of the body, as a latin-1 string of 32 characters. */
  readonly bodyHash: string;
}

/** A record that may not, and what it claimed if that was outside its grant. */
export interface RefusedRecord {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly claimed?: { readonly kind: string; readonly stream: StreamId };
}

/** What admission knows of the log and of the sandboxes. */
export interface AdmissionContext {
  readonly find: FindSandbox;
  /** Changes whenever `find` may answer otherwise. */
  readonly version: () => number;
  readonly eventPartitions: number;
}

/** Admits records; refuses with the codes of `checkRim`, `BODY_INVALID`, and the grant's. */
export type Admit = (record: IncomingRecord) => AdmittedRecord | RefusedRecord;

const aheadNsMax = 5_000_000_000n;
const behindNsMax = 3_600_000_000_000n;
const boundStreamsMax = 20_000;
const detailCharsMax = 300;

const bodies = quickSchema(Body);

const sendersOf: ReadonlyMap<string, readonly Sender[]> = new Map(
  Body.options.map((kind) => [
    [...kind.shape.kind.def.values].join(),
    eventMeta.get(kind)?.senders ?? [],
  ]),
);

/** Makes the admission; it keeps nothing but a bounded cache of bindings. */
export function createAdmission(context: AdmissionContext): Admit {
  const bindings = new BindingCache(context);
  return ({ credential, body, erasable, receivedAtNs }) => {
    const rim = checkRim(body);
    if (!rim.ok) return refused(rim.code, rim.detail);
    if (erasable.length > bodySizeBytesMax) {
      return refused('BATCH_OVERSIZE', `${erasable.length} erasable bytes`);
    }
    const parsed = bodies.read(rim.value);
    if (parsed === undefined) return refused('BODY_INVALID', firstIssue(rim.value));
    const { kind, stream, seq, observedAtNs } = parsed;
    const { grant } = credential;
    if (!mayEmit(grant, kind, sendersOf.get(kind) ?? [])) {
      return { ...refused('KIND_NOT_GRANTED', kind), claimed: { kind, stream } };
    }
    const bound = bindings.get(stream, credential);
    if (typeof bound === 'string') {
      return { ...refused('CLAIM_OUTSIDE_GRANT', bound), claimed: { kind, stream } };
    }
    const trust = trustOf(credential, { collector: bound.collector, kind });
    const header = headerText(bound.headerStart[trust], { observedAtNs, receivedAtNs });
    const frame = encodeFrame({ header: Buffer.from(header, 'latin1'), body, erasable });
    const topic = topicOf(kind);
    const place = topic === 'events' ? bound.events : { topic, partition: 0 };
    return { ok: true, place, frame, stream, seq, bodyHash: hash('sha256', body, 'binary') };
  };
}

interface BoundStream extends Binding {
  readonly events: Place;
  readonly headerStart: Readonly<Record<Trust, string>>;
}

/** Bindings by credential and stream, thrown away when the registry changes or at the bound. */
class BindingCache {
  readonly #context: AdmissionContext;
  #version: number;
  #size = 0;
  #bound = new Map<Credential, Map<string, BoundStream>>();

  constructor(context: AdmissionContext) {
    this.#context = context;
    this.#version = context.version();
  }

  get(stream: StreamId, credential: Credential): BoundStream | string {
    if (this.#version !== this.#context.version() || this.#size > boundStreamsMax) this.#clear();
    const known = this.#bound.get(credential)?.get(stream);
    if (known !== undefined) return known;
    const binding = bindStream(stream, credential, this.#context.find);
    if (typeof binding === 'string') return binding;
    const streams = this.#bound.get(credential) ?? new Map<string, BoundStream>();
    this.#bound.set(credential, streams);
    const bound = this.#prepare(binding, credential);
    streams.set(stream, bound);
    this.#size += 1;
    return bound;
  }

  #prepare(binding: Binding, credential: Credential): BoundStream {
    const partition = partitionOf(binding.sandbox, { partitions: this.#context.eventPartitions });
    const start = (trust: Trust) => headerStart(binding, { trust, credential: credential.id });
    const headerStarts = {
      kernel: start('kernel'),
      host: start('host'),
      sandbox: start('sandbox'),
      self_reported: start('self_reported'),
    };
    return { ...binding, events: { topic: 'events', partition }, headerStart: headerStarts };
  }

  #clear() {
    this.#bound = new Map();
    this.#size = 0;
    this.#version = this.#context.version();
  }
}

/** The fields of a header that are the same for a whole stream, as JSON without its end. */
export function headerStart(
  { tenant, sandbox, incarnation }: Omit<Binding, 'collector'>,
  { trust, credential }: Pick<Header, 'trust' | 'credential'>,
): string {
  const fields = JSON.stringify({ tenant, sandbox, incarnation, trust, credential });
  return `${fields.slice(0, -1)},`;
}

interface Times {
  readonly observedAtNs: bigint;
  readonly receivedAtNs: bigint;
}

/** The header's JSON. Event time is the observed time, clamped to received −1 h / +5 s. */
export function headerText(start: string, { observedAtNs, receivedAtNs }: Times): string {
  const latest = receivedAtNs + aheadNsMax;
  const earliest = receivedAtNs - behindNsMax;
  let timeNs = observedAtNs;
  if (observedAtNs > latest) timeNs = latest;
  if (observedAtNs < earliest) timeNs = earliest;
  const admission = timeNs === observedAtNs ? 'live' : 'clamped';
  return `${start}"receivedAtNs":"${receivedAtNs}","timeNs":"${timeNs}","admission":"${admission}"}`;
}

function refused(code: ErrorCode, detail: string): RefusedRecord {
  return { ok: false, code, detail: detail.slice(0, detailCharsMax) };
}

function firstIssue(value: unknown): string {
  const issue = Body.safeParse(value).error?.issues[0];
  return issue === undefined ? 'it does not fit' : `${issue.path.join('.')}: ${issue.message}`;
}
