// What a mapper of one kind of event returns: the class and its own attributes; the rest is the frame's.
import type { Kind } from '@sandtrail/schemas/events';
import type { Header } from '@sandtrail/schemas/header';
import type { BodyWire } from '@sandtrail/schemas/observation';
import type * as z from 'zod';
import type { JsonObject } from '../json.ts';
import type { ClassName } from './classes.ts';

/** A header as it stands on the wire. */
export type HeaderWire = z.input<typeof Header>;

/** A body of one kind as it stands on the wire. */
export type Wire = { readonly [K in Kind]: Extract<BodyWire, { kind: K }> };

/** The part of an OCSF event that depends on the kind. */
export interface Mapped {
  readonly class: ClassName;
  /** The schema's number of the activity; or its name, where the schema has none. */
  readonly activity: number | string;
  readonly failed?: boolean;
  /** What the event is about, for one line of text. */
  readonly subject: string;
  readonly fields: JsonObject;
  /** Fields of the body that this class has no place for. */
  readonly unmapped: JsonObject;
}

/** Mappers for some kinds: one for each. */
export type MappersOf<K extends Kind> = {
  readonly [P in K]: (body: Wire[P], header: HeaderWire) => Mapped;
};

type Framed = 'kind' | 'v' | 'stream' | 'seq' | 'observedAtNs' | 'process' | 'cause' | 'agent';

/** The fields of a kind alone, without those that every body has. */
export function ownFields<B extends BodyWire>(body: B): Omit<B, Framed | 'redactions' | 'raw'> {
  const { kind, v, stream, seq, observedAtNs, process, cause, agent, redactions, raw, ...own } =
    body;
  return own;
}

/** True for a system call that failed. */
export function failedWith(errno: number | undefined): { readonly failed: boolean } {
  return { failed: errno !== undefined && errno !== 0 };
}

/** A system call's error as OCSF has a status code; absent when it succeeded. */
export function statusCode(errno: number | undefined): JsonObject {
  return errno === undefined ? {} : { status_code: `${errno}` };
}
