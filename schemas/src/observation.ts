// What a collector yields: a body without the kit's part, in wire form (64-bit values as strings).
import type * as z from 'zod';
import type { Body } from '../events.ts';

type WithoutKitFields<T> = T extends unknown
  ? Omit<T, 'v' | 'stream' | 'seq' | 'redactions'>
  : never;

/** A body as it stands on the wire: 64-bit values are decimal strings. */
export type BodyWire = z.input<typeof Body>;

/** One observation: `kind`, `observedAtNs` and the kind's own fields. The kit adds the rest. */
export type Observation = WithoutKitFields<BodyWire>;

/** The observation of one kind. */
export type ObservationOf<K extends Observation['kind']> = Extract<Observation, { kind: K }>;
