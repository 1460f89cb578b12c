// The pipeline: each stage with its rate and lag, and every counter; the fleet of collectors.
import { Count, Trust, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { Family } from './family.ts';
import { Digits, Ns } from './scalars.ts';

/** The stages of the record, left to right; `kit` is all collectors' of this machine. */
export const StageName = z.enum([
  'kit',
  'gateway',
  'bus',
  'sealer',
  'detector',
  'responder',
  'forwarder',
]);
export type StageName = z.infer<typeof StageName>;

/** One stage. What is not known is null, never zero and never the last good value. */
export const Stage = z.strictObject({
  name: StageName,
  state: z.enum(['working', 'idle', 'behind', 'stopped', 'unknown']),
  /** When it came into this state, as far as this console saw. */
  sinceNs: Ns,
  /** Since the product started; received = passed + dropped + what is under way. */
  received: Count.nullable(),
  passed: Count.nullable(),
  dropped: z.array(z.strictObject({ reason: text(96), count: Count })),
  /** Records a second over the last 10 s. */
  perSecond: z.number().min(0).nullable(),
  lagRecords: Digits.nullable(),
  /** Age of the oldest record that it has not done yet. */
  lagMs: Count.nullable(),
});
export type Stage = z.infer<typeof Stage>;

/** One counter, as `sandtrail`'s status has it. */
export const CounterView = z.strictObject({ name: text(160), value: Count });

/** The pipeline at one moment. */
export const PipelineView = z.strictObject({
  node: text(64),
  startedAtNs: Ns,
  askedAtNs: Ns,
  stages: z.array(Stage),
  counters: z.array(CounterView),
});
export type PipelineView = z.infer<typeof PipelineView>;

/** One collector on one node, over all the sandboxes that it watches. */
export const CollectorView = z.strictObject({
  collector: text(32),
  node: text(64),
  epoch: Count,
  /** Its effective mode, which may be weaker than its best. */
  mode: text(128),
  blindSpots: z.array(text(256)),
  /** `silent`: open streams, and no heartbeat for longer than it may take. */
  state: z.enum(['live', 'silent', 'stopped']),
  startedAtNs: Ns,
  lastHeartbeatAtNs: Ns.nullable(),
  streamsOpen: Count,
  streams: Count,
  seen: Digits,
  dropped: Digits,
  lost: Digits,
  lostUnknown: Count,
});
export type CollectorView = z.infer<typeof CollectorView>;

/** What a template's sandboxes are observed by, family by family; `null`: by nothing. */
export const Coverage = z.strictObject({
  template: text(128).nullable(),
  isolation: text(32),
  sandboxes: Count,
  cells: z.array(
    z.strictObject({ family: Family, by: Trust.nullable(), collectors: z.array(text(32)) }),
  ),
});

/** Collectors of the last `windowMs`, blind and silent ones first. */
export const FleetView = z.strictObject({
  collectors: z.array(CollectorView),
  collectorsTotal: Count,
  coverage: z.array(Coverage),
  windowMs: Count,
  askedAtNs: Ns,
});
export type FleetView = z.infer<typeof FleetView>;
