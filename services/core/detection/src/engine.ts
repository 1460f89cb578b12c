// The engine: events of one partition in, findings out; a function of the log and of nothing else.
import { createHash } from 'node:crypto';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Evidence, Finding } from '@sandtrail/schemas/finding';
import type { Header } from '@sandtrail/schemas/header';
import type { Policy } from '@sandtrail/schemas/policy';
import { Incarnation, isWitnessed, SandboxUid, Tenant } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import type { Bundle } from './bundle.ts';
import type { DetectionEvent } from './detection-event.ts';
import type { EngineEvent } from './engine-event.ts';
import { SandboxWatch } from './sandbox-watch.ts';
import { StreamLedger } from './stream-ledger.ts';

const sandboxesMax = 4096;
/** A destroyed sandbox is forgotten this long after its end, when nothing of it can follow. */
const forgetNs = 120_000_000_000n;

/** What the engine did, for `Counters`: judged, repeated, suppressed and forgotten. */
export interface EngineCounts {
  readonly events: number;
  readonly repeated: number;
  readonly findings: number;
  readonly suppressed: number;
  readonly evicted: number;
}

/** Judges the records of one partition, in order. */
export interface Engine {
  readonly digest: string;
  /** Findings that this record decided, in the bundle's order. */
  step(event: EngineEvent): readonly Finding[];
  /** Everything remembered, as text: an engine restored from it goes on as if it had never stopped. */
  snapshot(): string;
  /** @throws SandtrailError `SNAPSHOT_INVALID` when the text is damaged or another bundle's. */
  restore(snapshot: string): void;
  counts(): EngineCounts;
}

/** What an engine judges by: its detectors, and a policy that goes before what events declare. */
export interface EngineOptions {
  readonly bundle: Bundle;
  /** Judges every sandbox by this policy, whatever its own says (`detect --policy`). */
  readonly policy?: Policy;
}

const Snapshot = z.strictObject({
  v: z.literal(1),
  bundle: z.string(),
  streams: z.unknown(),
  sandboxes: z.array(
    z.strictObject({
      tenant: Tenant,
      sandbox: SandboxUid,
      incarnation: Incarnation,
      state: z.unknown(),
    }),
  ),
});

/** An engine that has seen nothing yet. */
export function createEngine(options: EngineOptions): Engine {
  return new PartitionEngine(options);
}

class PartitionEngine implements Engine {
  readonly #bundle: Bundle;
  readonly #policy: Policy | undefined;
  readonly #streams = new StreamLedger();
  readonly #sandboxes = new Map<string, SandboxWatch>();
  readonly #counts = { events: 0, repeated: 0, findings: 0, suppressed: 0, evicted: 0 };

  constructor({ bundle, policy }: EngineOptions) {
    this.#bundle = bundle;
    this.#policy = policy;
  }

  get digest(): string {
    return this.#bundle.digest;
  }

  step(event: EngineEvent): readonly Finding[] {
    this.#counts.events += 1;
    const arrival = this.#streams.take(event.body.stream, event.body.seq);
    if (arrival === 'repeated') {
      this.#counts.repeated += 1;
      return [];
    }
    const seen = seenAs(event, arrival.missing);
    const findings =
      event.body.kind === 'control.tick' ? this.#tick(seen) : this.#judge(event, seen);
    this.#counts.findings += findings.length;
    return findings;
  }

  snapshot(): string {
    const sandboxes = [...this.#sandboxes.values()].map((watch) => ({
      ...watch.identity,
      state: watch.snapshot(),
    }));
    const streams = this.#streams.snapshot();
    return JSON.stringify({ v: 1, bundle: this.digest, streams, sandboxes });
  }

  restore(text: string): void {
    try {
      const snapshot = Snapshot.parse(JSON.parse(text));
      if (snapshot.bundle !== this.digest) throw new Error('it is of another bundle');
      this.#streams.restore(snapshot.streams);
      this.#sandboxes.clear();
      for (const { state, ...identity } of snapshot.sandboxes) {
        const watch = new SandboxWatch(this.#bundle, identity);
        watch.restore(state);
        this.#sandboxes.set(keyOf(identity), watch);
      }
    } catch (cause) {
      throw new SandtrailError('SNAPSHOT_INVALID', { detail: `bundle ${this.digest}`, cause });
    }
  }

  counts(): EngineCounts {
    const counts = { ...this.#counts, evicted: this.#counts.evicted + this.#streams.evicted };
    for (const watch of this.#sandboxes.values()) {
      counts.suppressed += watch.suppressed;
      counts.evicted += watch.evicted;
    }
    return counts;
  }

  #judge({ header, body, policy }: EngineEvent, seen: DetectionEvent): readonly Finding[] {
    const watch = this.#watch(header);
    const { facts } = watch;
    if (policy !== undefined) facts.declare(policy);
    // Only a host's record may say what the policy is, and only the first: a later one is drift.
    if (body.kind === 'sandbox.created' && facts.policy === undefined && isWitnessed(header.trust))
      facts.declare(body.policy);
    return watch.step(seen);
  }

  /** A tick is about no sandbox: every one of the partition hears it, in the order of appearance. */
  #tick(seen: DetectionEvent): readonly Finding[] {
    const findings: Finding[] = [];
    for (const [key, watch] of this.#sandboxes) {
      findings.push(...watch.step(seen));
      const { destroyedNs } = watch.facts;
      if (destroyedNs !== undefined && seen.timeNs > destroyedNs + forgetNs)
        this.#forget(key, watch);
    }
    return findings;
  }

  #watch({ tenant, sandbox, incarnation }: Header): SandboxWatch {
    const key = `${tenant}/${sandbox}/${incarnation}`;
    const known = this.#sandboxes.get(key);
    if (known !== undefined) return known;
    const watch = new SandboxWatch(this.#bundle, { tenant, sandbox, incarnation });
    if (this.#policy !== undefined) watch.facts.declare(this.#policy);
    if (this.#sandboxes.size >= sandboxesMax) {
      const [oldest] = this.#sandboxes;
      if (oldest !== undefined) this.#forget(...oldest);
      this.#counts.evicted += 1;
    }
    this.#sandboxes.set(key, watch);
    return watch;
  }

  #forget(key: string, watch: SandboxWatch): void {
    this.#counts.suppressed += watch.suppressed;
    this.#counts.evicted += watch.evicted;
    this.#sandboxes.delete(key);
  }
}

function keyOf({
  tenant,
  sandbox,
  incarnation,
}: {
  tenant: string;
  sandbox: string;
  incarnation: number;
}) {
  return `${tenant}/${sandbox}/${incarnation}`;
}

function seenAs({ header, body, bodyText }: EngineEvent, missing: bigint): DetectionEvent {
  let evidence: Evidence | undefined;
  return {
    timeNs: header.timeNs,
    trust: header.trust,
    act: body,
    stream: body.stream,
    missing,
    evidence: () => {
      evidence ??= {
        stream: body.stream,
        seq: body.seq,
        bodyHash: createHash('sha256').update(bodyText).digest('hex'),
        trust: header.trust,
      };
      return evidence;
    },
  };
}
