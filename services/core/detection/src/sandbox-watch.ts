// All detectors at work on one sandbox's life, and what they said lately, so that they say it once.
import { createHash } from 'node:crypto';
import {
  type Evidence,
  Evidence as EvidenceSchema,
  type Finding,
  Finding as FindingSchema,
} from '@sandtrail/schemas/finding';
import { isWitnessed, type SandboxUid, Uint64 } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { BoundedMap } from './bounded-map.ts';
import type { Bundle } from './bundle.ts';
import type { DetectionEvent } from './detection-event.ts';
import type { ConfiguredDetector, Detection, DetectorRun } from './detector.ts';
import { SandboxFacts } from './sandbox-view.ts';

const saidMax = 1024;
const evidenceMax = 16;

/** Whose life it is. */
export interface SandboxIdentity {
  readonly tenant: string;
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
}

const heldMax = 256;
/** A sandbox that was created and never said to have started is judged after this long. */
const launchNsMax = 30_000_000_000n;

const shape = FindingSchema.shape;
const HeldDetection = z.strictObject({
  detector: z.string(),
  timeNs: Uint64,
  evidence: EvidenceSchema,
  detection: z.strictObject({
    title: shape.title,
    explanation: z.string(),
    severity: shape.severity,
    confidence: shape.confidence,
    recommend: shape.recommend,
    dedupeKey: z.string(),
    windowMs: z.int(),
    techniques: shape.techniques.readonly().optional(),
    earlier: z.array(EvidenceSchema).readonly().optional(),
    earlierOmitted: z.int().optional(),
  }),
});

const State = z.strictObject({
  held: z.array(HeldDetection),
  facts: z.unknown(),
  runs: z.record(z.string(), z.unknown()),
  said: z.array(z.tuple([z.string(), z.tuple([Uint64, Uint64])])),
});

/** A detection with its place in the log. */
interface Found {
  readonly detector: string;
  readonly timeNs: bigint;
  readonly evidence: Evidence;
  readonly detection: Detection;
}

interface Watcher {
  readonly configured: ConfiguredDetector;
  readonly run: DetectorRun;
}

/** One sandbox under watch. */
export class SandboxWatch {
  readonly identity: SandboxIdentity;
  readonly facts = new SandboxFacts();
  suppressed = 0;
  readonly #bundle: Bundle;
  readonly #watchers: readonly Watcher[];
  readonly #byKind = new Map<string, readonly Watcher[]>();
  /** Key of a detection → from when until when it was said. */
  readonly #said = new BoundedMap<[bigint, bigint]>(saidMax);
  /** Detections of which it is not known yet whether they are the launcher's own doing. */
  #held: Found[] = [];
  #heldEvicted = 0;

  constructor(bundle: Bundle, identity: SandboxIdentity) {
    this.identity = identity;
    this.#bundle = bundle;
    this.#watchers = bundle.detectors.map((configured) => ({
      configured,
      run: configured.start(),
    }));
  }

  get evicted(): number {
    return this.#said.evicted + this.#heldEvicted + this.facts.evicted;
  }

  /** Lets every detector that watches the kind judge the event; findings come in the bundle's order. */
  step(event: DetectionEvent): readonly Finding[] {
    const { kind } = event.act;
    const lifecycle = kind.startsWith('sandbox.');
    if (lifecycle) this.facts.note(event);
    const findings = this.#held.length === 0 ? [] : this.#settle(event.timeNs);
    for (const { configured, run } of this.#watchersOf(kind)) {
      run.step(event, this.facts, (detection) => {
        const { timeNs } = event;
        const found = {
          detector: configured.detector.name,
          detection,
          timeNs,
          evidence: event.evidence(),
        };
        if (configured.detector.sparesLauncher === true && this.#isLaunching(timeNs)) {
          this.#hold(found);
          return;
        }
        const finding = this.#conclude(found);
        if (finding !== undefined) findings.push(finding);
      });
    }
    if (!lifecycle) this.facts.note(event);
    return findings;
  }

  snapshot(): unknown {
    const runs = this.#watchers.flatMap(({ configured, run }) =>
      run.snapshot === undefined ? [] : [[configured.detector.name, run.snapshot()]],
    );
    return z.encode(State, {
      held: this.#held,
      facts: this.facts.snapshot(),
      runs: Object.fromEntries(runs),
      said: this.#said.entries(),
    });
  }

  restore(value: unknown): void {
    const state = State.parse(value);
    this.facts.restore(state.facts);
    this.#said.fill(state.said);
    this.#held = state.held;
    for (const { configured, run } of this.#watchers) {
      run.restore?.(state.runs[configured.detector.name]);
    }
  }

  #watchersOf(kind: string): readonly Watcher[] {
    const known = this.#byKind.get(kind);
    if (known !== undefined) return known;
    const watchers = this.#watchers.filter(({ configured }) =>
      configured.detector.kinds.some((watched) => watched === kind),
    );
    this.#byKind.set(kind, watchers);
    return watchers;
  }

  /**
   * Until the launcher opens the door, at the time that `sandbox.started` states, no program of the
   * agent runs. That record may reach the log after the first ones about the program do.
   */
  #isLaunching(timeNs: bigint): boolean {
    const { createdNs, startedNs, programSeen } = this.facts;
    if (createdNs === undefined || programSeen) return false;
    return startedNs === undefined ? timeNs < createdNs + launchNsMax : timeNs < startedNs;
  }

  /** Keeps what cannot be judged yet; what is known to be the launcher's own is let go. */
  #hold(found: Found): void {
    if (this.facts.startedNs !== undefined) return;
    if (this.#held.length < heldMax) this.#held.push(found);
    else this.#heldEvicted += 1;
  }

  /** Concludes what was held, once it is known when the agent's first program started. */
  #settle(nowNs: bigint): Finding[] {
    const { createdNs = 0n, startedNs } = this.facts;
    if (startedNs === undefined && nowNs < createdNs + launchNsMax) return [];
    const held = this.#held.splice(0);
    return held.flatMap((found) => {
      if (startedNs !== undefined && found.timeNs < startedNs) return [];
      return this.#conclude(found) ?? [];
    });
  }

  #conclude(found: Found): Finding | undefined {
    const { detection, timeNs } = found;
    const key = `${found.detector}:${detection.dedupeKey}`.slice(0, 512).toWellFormed();
    const [, until] = this.#said.get(key) ?? [0n, -1n];
    if (timeNs <= until) {
      this.suppressed += 1;
      return undefined;
    }
    this.#said.delete(key);
    this.#said.set(key, [timeNs, timeNs + BigInt(detection.windowMs) * 1_000_000n]);
    const { tenant, sandbox, incarnation } = this.identity;
    const name = found.detector;
    const { digest } = this.#bundle;
    const identity = [name, digest, tenant, sandbox, incarnation, key, `${timeNs}`];
    return {
      v: 1,
      id: createHash('sha256').update(JSON.stringify(identity)).digest('hex'),
      detector: name,
      bundle: digest,
      tenant,
      sandbox,
      incarnation,
      timeNs,
      title: detection.title,
      explanation: detection.explanation.slice(0, 1024).toWellFormed(),
      severity: detection.severity,
      confidence: detection.confidence,
      techniques: [...(detection.techniques ?? this.#techniquesOf(name))].slice(0, 8),
      dedupeKey: key,
      windowStartNs: timeNs,
      ...support(found),
    };
  }

  #techniquesOf(name: string): Finding['techniques'] {
    const configured = this.#bundle.detectors.find(({ detector }) => detector.name === name);
    return [...(configured?.detector.techniques ?? [])];
  }
}

/** What a finding rests on, and what may be done on the strength of it. */
function support({ detection, evidence: deciding }: Found) {
  const { recommend, earlier = [], earlierOmitted = 0 } = detection;
  const evidence = [...earlier.slice(-(evidenceMax - 1)), deciding];
  const evidenceOmitted = earlierOmitted + earlier.length + 1 - evidence.length;
  const witnessed = evidence.some(({ trust }) => isWitnessed(trust));
  return {
    evidence,
    ...(evidenceOmitted > 0 ? { evidenceOmitted } : {}),
    witnessed,
    // Claims alone never act without a person (invariant 11).
    recommend:
      recommend.act === 'contain' && !witnessed
        ? { ...recommend, act: 'approve' as const }
        : recommend,
  };
}

/** A finding as one line of JSON: 64-bit values as decimal text, fields in the schema's order. */
export function writeFinding(finding: Finding): string {
  return JSON.stringify(z.encode(FindingSchema, finding));
}
