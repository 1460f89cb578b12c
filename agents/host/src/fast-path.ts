// The host's own reflex: a single witnessed event that says "contain" is answered at once, here.
import { createHash } from 'node:crypto';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import { ContainmentRequest, type ContainmentResult } from '@sandtrail/schemas/containment';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Recommendation } from '@sandtrail/schemas/finding';
import type { Observation } from '@sandtrail/schemas/observation';
import type { Policy } from '@sandtrail/schemas/policy';
import { isWitnessed, type Severity, type Trust } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import type { WatchedSandbox } from './collector.ts';
import type { Containment } from './driver/containment.ts';
import { withinMs } from './driver/within.ts';

/** What a single-event rule concluded. */
export interface FastVerdict {
  readonly detector: string;
  readonly explanation: string;
  readonly severity: Severity;
  /** One cause is answered once. */
  readonly dedupeKey: string;
  readonly recommend: z.infer<typeof Recommendation>;
}

/** Judges one observation; a pure function, called for each. */
export type FastRules = (
  observation: Observation,
  about: { readonly sandbox: WatchedSandbox; readonly trust: Trust },
) => FastVerdict | undefined;

interface FastPathOptions {
  readonly rules: FastRules;
  readonly containment: Containment;
  /** Writes to the sandbox's stream; resolves when that is durable in the spool. */
  readonly record: (sandbox: WatchedSandbox, observation: Observation) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  /** Acts in a minute without a person, over all sandboxes (the cap on the blast radius). */
  readonly actsPerMinuteMax: number;
}

/** How long an act waits for its request to be durable; a full disk must not shield an attacker. */
const writeAheadMsMax = 50;
const causesMax = 4096;
const lifetimeNs = 60_000_000_000n;
const minuteMs = 60_000;

/** Watches what collectors observe and acts at L1 or L2 where rule and policy say so. */
export class FastPath {
  readonly #options: FastPathOptions;
  readonly #causes = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  #actsMs: number[] = [];

  constructor(options: FastPathOptions) {
    this.#options = options;
  }

  /** Cheap, never throws, never waits: judges the observation and starts an act if there is one. */
  observe(sandbox: WatchedSandbox, observation: Observation, trust: Trust): void {
    if (!isWitnessed(trust)) return;
    const verdict = this.#options.rules(observation, { sandbox, trust });
    const level = verdict && levelOf(verdict, sandbox.policy.responses);
    if (verdict === undefined || level === undefined || !this.#mayAct(sandbox, verdict)) return;
    const request = this.#request({ sandbox, verdict, level, observation });
    const act = this.#act(sandbox, request).finally(() => this.#underWay.delete(act));
    this.#underWay.add(act);
  }

  /** Resolves when every act that was begun has had its last look. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#underWay]);
  }

  #mayAct(sandbox: WatchedSandbox, { detector, dedupeKey }: FastVerdict): boolean {
    const { clock, counters, actsPerMinuteMax } = this.#options;
    const cause = `${sandbox.uid} ${sandbox.incarnation} ${detector} ${dedupeKey}`;
    if (this.#causes.has(cause)) return false;
    const nowMs = clock.monotonicMs();
    this.#actsMs = this.#actsMs.filter((at) => nowMs - at < minuteMs);
    if (this.#actsMs.length >= actsPerMinuteMax) {
      counters.add('fast_path.skipped', 1, 'rate');
      return false;
    }
    this.#actsMs.push(nowMs);
    this.#causes.add(cause);
    const [oldest] = this.#causes;
    if (this.#causes.size > causesMax && oldest !== undefined) this.#causes.delete(oldest);
    return true;
  }

  #request({ sandbox, verdict, level, observation }: Asking): ContainmentRequest {
    const { uid, incarnation } = sandbox;
    const incident = `fast:${verdict.detector}:${verdict.dedupeKey}`.slice(0, 128).toWellFormed();
    const id = createHash('sha256').update([uid, incarnation, level, incident].join('\n'));
    const requestedAtNs = BigInt(observation.observedAtNs);
    return {
      v: 1,
      id: id.digest('hex'),
      act: 'contain',
      sandbox: uid,
      incarnation,
      level,
      incident,
      reason: verdict.explanation.slice(0, 512).toWellFormed(),
      requester: { type: 'fast_path', name: verdict.detector },
      requestedAtNs,
      expiresAtNs: requestedAtNs + lifetimeNs,
      nonce: this.#options.random(16).toString('hex'),
    };
  }

  async #act(sandbox: WatchedSandbox, request: ContainmentRequest): Promise<void> {
    const { containment, counters } = this.#options;
    counters.add('fast_path.acts', 1, request.level);
    const encoded = z.encode(ContainmentRequest, request);
    const written = this.#write(sandbox, { kind: 'containment.requested', request: encoded });
    const isDurable = await withinMs(
      writeAheadMsMax,
      written.then(() => true),
    );
    if (isDurable === undefined) counters.add('fast_path.write_ahead_late');
    try {
      await containment.contain(request, (result) => this.#tell(sandbox, result));
    } catch (error) {
      if (!(error instanceof SandtrailError)) throw error;
      counters.add('fast_path.refused', 1, error.code);
      const refused = { requestId: request.id, by: 'host', reason: error.message.slice(0, 512) };
      await this.#write(sandbox, { kind: 'containment.refused', ...refused });
    }
  }

  #tell(sandbox: WatchedSandbox, result: ContainmentResult): void {
    const written = this.#write(sandbox, { kind: resultKinds[result.state], result });
    written.then(
      () => undefined,
      () => this.#options.counters.add('fast_path.unrecorded'),
    );
  }

  #write(sandbox: WatchedSandbox, own: Written): Promise<void> {
    const observedAtNs = this.#options.clock.nowNs().toString();
    return this.#options.record(sandbox, { ...own, observedAtNs });
  }
}

interface Asking {
  readonly sandbox: WatchedSandbox;
  readonly verdict: FastVerdict;
  readonly level: 'L1' | 'L2';
  readonly observation: Observation;
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'observedAtNs'> : never;
type Written = WithoutTime<Extract<Observation, { kind: `containment.${string}` }>>;

const resultKinds = {
  applied: 'containment.applied',
  already_gone: 'containment.applied',
  verified: 'containment.verified',
  released: 'containment.released',
  failed: 'containment.failed',
} as const satisfies Record<ContainmentResult['state'], string>;

/** The rung for a verdict, never above L2 and never above what the policy lets happen by itself. */
function levelOf(
  { recommend }: FastVerdict,
  { automatic, automatic_level_max: levelMax }: Policy['responses'],
): 'L1' | 'L2' | undefined {
  if (recommend.act !== 'contain' || !automatic || recommend.level === 'L0') return undefined;
  return recommend.level === 'L1' || levelMax === 'L1' ? 'L1' : 'L2';
}
