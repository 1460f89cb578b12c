// What every body has in common, and how a kind of event declares the rest.
import * as z from 'zod';
import { Count, Sha256Hex, text, Uint64, UnixNs } from './scalars.ts';
import { StreamId } from './stream.ts';

/** Who may send a kind: hosts' collectors, senders inside a sandbox, or one named service. */
export type Sender = 'host' | 'sandbox' | 'gateway' | 'detector' | 'responder' | 'signer';

/** A path as the program gave it and as the kernel resolved it; detectors judge both (Falco #2916). */
export const Path = z.strictObject({
  raw: text(4096),
  resolved: text(4096).optional(),
  /** True when the sensor could read only the beginning: `raw` is a prefix of the real text. */
  cut: z.boolean().optional(),
});
export type Path = z.infer<typeof Path>;

/** A process: pid and start time together are its identity, never the pid alone. */
export const Process = z.strictObject({
  pid: Count,
  startNs: Uint64,
  ppid: Count.optional(),
  uid: Count.optional(),
  comm: text(64).optional(),
  exe: text(4096).optional(),
});
export type Process = z.infer<typeof Process>;

/** What an event follows from; it resolves only within its own sandbox. */
export const Cause = z.strictObject({
  stream: StreamId.optional(),
  seq: Uint64.optional(),
  toolCall: text(128).optional(),
});

/** The agent on whose behalf something happened, as far as known. */
export const Agent = z.strictObject({
  framework: text(64).optional(),
  session: text(128).optional(),
  id: text(128).optional(),
  model: text(128).optional(),
});

/** A masked span: never the secret. `fingerprint` is keyed (HMAC-SHA-256) and absent for PII. */
export const Redaction = z.strictObject({
  field: text(128),
  rule: text(64),
  class: z.enum(['secret', 'pii', 'issued', 'canary']),
  start: Count,
  length: Count,
  masked: text(64),
  fingerprint: Sha256Hex.optional(),
});
export type Redaction = z.infer<typeof Redaction>;

/** The original of a field that was cut or is not valid UTF-8: its size, hash and, if short, bytes. */
export const RawField = z.strictObject({
  field: text(128),
  sizeBytes: Count,
  sha256: Sha256Hex,
  base64: text(8192).optional(),
});
export type RawField = z.infer<typeof RawField>;

/** The fields of every body. `seq` is dense from 0 within `stream`; order is by it, never by clock. */
export const common = {
  v: z.literal(1),
  stream: StreamId,
  seq: Uint64,
  observedAtNs: UnixNs,
  process: Process.optional(),
  cause: Cause.optional(),
  agent: Agent.optional(),
  redactions: z.array(Redaction).max(64).optional(),
  raw: z.array(RawField).max(32).optional(),
};

/** What a kind says of itself beside its shape. */
export interface EventMeta {
  readonly senders: readonly Sender[];
  /**
   * Places of free text, which the kit scans and redacts, exactly these: a field, or `path.raw` in
   * it, or `args.*.value` in each item of a list. A list of texts is scanned as one line.
   */
  readonly freeText: readonly string[];
}

/** The registry of what each kind says of itself. */
export const eventMeta = z.registry<EventMeta>();

/** Declares a kind of event: one file in `schemas/events/`, one line in `schemas/events.ts`. */
export function event<const K extends string, S extends z.core.$ZodLooseShape>(
  kind: K,
  shape: S,
  meta: EventMeta,
) {
  const schema = z.strictObject({ kind: z.literal(kind), ...common, ...shape });
  eventMeta.add(schema, meta);
  return schema;
}
