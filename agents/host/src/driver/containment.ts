// The ladder on one host: which sandbox stands on which rung, and every act proven after it was done.
import { strict as assert } from 'node:assert';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import { pause } from '@sandtrail/runtime/supervise';
import type { ContainmentRequest, ContainmentResult } from '@sandtrail/schemas/containment';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Level } from '@sandtrail/schemas/finding';
import type { Observation } from '@sandtrail/schemas/observation';
import { proofHolds } from '@sandtrail/schemas/proof-holds';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { Applied, DriverChoice, Target } from './driver.ts';

/** Hears of each result as it is known. */
export type OnResult = (result: ContainmentResult) => void;

/** What the ladder tells the rest of the host. */
export interface ContainmentObserver {
  /** Called before a rise, so that the runner knows why its sandbox stops, and after a release. */
  moves(target: Target, level: Level): void;
  /** `sandbox.paused`, `sandbox.resumed` and `sandbox.killed`. */
  observe(target: Target, observation: Observation): void;
}

interface ContainmentOptions {
  readonly driverOf: DriverChoice;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly observer: ContainmentObserver;
  /** When an act is looked at again; 1 s and 10 s unless told. */
  readonly checksMs?: { readonly second: number; readonly third: number };
}

/** One attempt: its results so far, and who still listens. */
interface Attempt {
  readonly results: ContainmentResult[];
  readonly listeners: Set<OnResult>;
  readonly done: Promise<void>;
}

interface Held {
  readonly target: Target;
  level: Level;
  /** Who asked for the level that holds: somebody else must release it. */
  requester: string | undefined;
  readonly attempts: Map<string, Attempt>;
  /** Acts on one sandbox follow each other. */
  queue: Promise<unknown>;
  waiting: number;
}

const sandboxesMax = 4096;
const endedMax = 1024;
const attemptsMax = 256;
const waitingMax = 16;
const usPerMs = 1000;

/** Holds the sandboxes of a host and moves them on the ladder. */
export class Containment {
  readonly #options: ContainmentOptions;
  readonly #sandboxes = new Map<SandboxUid, Held>();
  readonly #ended = new Map<SandboxUid, Held>();
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: ContainmentOptions) {
    this.#options = options;
  }

  /**
   * Takes a sandbox in, at the level where it stands (L0 unless it was here before).
   * @throws SandtrailError `CONTAIN_BUSY` when the host holds as many as it may.
   */
  add(target: Target, level: Level = 'L0'): void {
    if (this.#sandboxes.size >= sandboxesMax) {
      throw new SandtrailError('CONTAIN_BUSY', { detail: `${sandboxesMax} sandboxes` });
    }
    this.#sandboxes.set(target.uid, {
      target,
      level,
      requester: undefined,
      attempts: new Map(),
      queue: Promise.resolve(),
      waiting: 0,
    });
  }

  /** The sandbox has ended: a request that comes late finds it gone; looks that are due go on. */
  remove(target: Target): void {
    const held = this.#sandboxes.get(target.uid);
    if (held?.target !== target) return;
    this.#sandboxes.delete(target.uid);
    this.#ended.set(target.uid, held);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > endedMax && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** The rung on which a sandbox stands; `undefined` when it is not here. */
  level(uid: SandboxUid): Level | undefined {
    return this.#sandboxes.get(uid)?.level;
  }

  /** All sandboxes and their rungs. */
  list(): readonly { readonly target: Target; readonly level: Level }[] {
    return [...this.#sandboxes.values()].map(({ target, level }) => ({ target, level }));
  }

  /**
   * Acts on a request whose sender has been checked; resolves after the last look. The same request
   * again acts no second time: it hears the results of the first.
   * @throws SandtrailError `CONTAIN_UNKNOWN_SANDBOX`, `CONTAIN_WRONG_INCARNATION`,
   * `CONTAIN_LEVEL_LOWER`, `CONTAIN_LEVEL_UNSUPPORTED`, `CONTAIN_SELF_RELEASE`, `CONTAIN_BUSY`.
   */
  async contain(request: ContainmentRequest, onResult: OnResult): Promise<void> {
    const held = this.#find(request);
    const before = held.attempts.get(request.id);
    if (before !== undefined) {
      this.#options.counters.add('containment.repeated');
      for (const result of before.results) onResult(result);
      before.listeners.add(onResult);
      return before.done;
    }
    if (held.waiting >= waitingMax)
      throw new SandtrailError('CONTAIN_BUSY', { detail: request.id });
    const listeners = new Set([onResult]);
    const results: ContainmentResult[] = [];
    const done = this.#attempt({
      held,
      request,
      tell: (result) => {
        results.push(result);
        for (const listener of listeners) listener(result);
      },
    });
    remember(held.attempts, request.id, { results, listeners, done });
    this.#underWay.add(done);
    try {
      await done;
    } catch (error) {
      // Refused in its turn: what was not done can be asked again.
      held.attempts.delete(request.id);
      throw error;
    } finally {
      this.#underWay.delete(done);
    }
  }

  /** Ends the looks that are still due. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled([...this.#underWay]);
  }

  #find({ sandbox, incarnation }: ContainmentRequest): Held {
    const held = this.#sandboxes.get(sandbox) ?? this.#ended.get(sandbox);
    if (held === undefined)
      throw new SandtrailError('CONTAIN_UNKNOWN_SANDBOX', { detail: sandbox });
    if (held.target.incarnation !== incarnation) {
      throw new SandtrailError('CONTAIN_WRONG_INCARNATION', {
        detail: `${sandbox} ${incarnation}`,
      });
    }
    return held;
  }

  #refuse(held: Held, { act, level, requester }: ContainmentRequest): void {
    if (act === 'release') {
      if (requester.type === 'operator' && requester.name !== held.requester) return;
      throw new SandtrailError('CONTAIN_SELF_RELEASE', { detail: requester.name });
    }
    if (!this.#options.driverOf(held.target).capabilities().includes(level)) {
      throw new SandtrailError('CONTAIN_LEVEL_UNSUPPORTED', { detail: level });
    }
    if (rank(level) < rank(held.level)) {
      throw new SandtrailError('CONTAIN_LEVEL_LOWER', { detail: `${held.level} holds` });
    }
  }

  async #attempt({ held, request, tell }: Attempting): Promise<void> {
    const startedMs = this.#options.clock.monotonicMs();
    const spentUs = elapsedUs(request, this.#options.clock);
    const report = ({ applied, ...rest }: Report) => {
      const elapsedMs = this.#options.clock.monotonicMs() - startedMs;
      const result: ContainmentResult = {
        v: 1,
        requestId: request.id,
        sandbox: request.sandbox,
        incarnation: request.incarnation,
        level: applied.level,
        driver: this.#options.driverOf(held.target).name,
        evidenceLost: [...applied.evidenceLost],
        latencyUs: spentUs + Math.round(elapsedMs * usPerMs),
        ...(applied.detail === undefined ? {} : { detail: applied.detail }),
        ...rest,
      };
      this.#options.counters.add('containment.results', 1, result.state);
      tell(result);
    };
    const applied = await this.#inTurn(held, () => this.#act({ held, request, report }));
    if (applied !== undefined) await this.#lookAgain({ held, applied, report });
  }

  /** Applies and looks at once; what holds after that is looked at again later. */
  async #act({ held, request, report }: Acting): Promise<Applied | undefined> {
    const { driverOf, observer } = this.#options;
    const { target } = held;
    const driver = driverOf(target);
    // Judged in its turn, against what those before it left.
    this.#refuse(held, request);
    if (request.act === 'release') {
      const released = await driver.release(target);
      const state = released.state === 'applied' ? 'released' : released.state;
      if (state === 'released') {
        held.level = 'L0';
        held.requester = undefined;
        observer.moves(target, 'L0');
        this.#announce(target, 'sandbox.resumed', request);
      }
      report({ applied: released, state, check: 'at_once' });
      return undefined;
    }
    observer.moves(target, request.level);
    const applied = await driver.apply(target, request.level);
    report({ applied, state: applied.state, check: 'at_once' });
    if (applied.state === 'failed') return undefined;
    if (rank(applied.level) >= rank(held.level)) {
      held.level = applied.level;
      held.requester = request.requester.name;
    }
    if (applied.state === 'applied') this.#announceLevel(target, applied.level, request);
    const proven = await this.#look({ held, applied, report, check: 'at_once' });
    return proven && applied.state === 'applied' ? applied : undefined;
  }

  /** Each look takes its turn: one that fell into a later kill would see tasks half dead. */
  async #lookAgain({ held, applied, report }: LookingAgain): Promise<void> {
    const { second, third } = this.#options.checksMs ?? { second: 1000, third: 10_000 };
    const { signal } = this.#stopping;
    const looks = [
      ['after_1s', second],
      ['after_10s', third - second],
    ] as const;
    for (const [check, waitMs] of looks) {
      await pause(waitMs, signal);
      if (signal.aborted) return;
      const goesOn = await this.#inTurn(held, async () => {
        const isReleased = rank(held.level) < rank(applied.level);
        return !isReleased && this.#look({ held, applied, report, check });
      });
      if (!goesOn) return;
    }
  }

  /** One proof, told as `verified` or `failed`. */
  async #look({ held, applied, report, check }: Looking): Promise<boolean> {
    const proof = await this.#options.driverOf(held.target).verify(held.target);
    const isGone = applied.state === 'already_gone';
    const proven = isGone ? proofHolds('L5', proof) : proofHolds(applied.level, proof);
    if (proven && isGone) return true;
    report({ applied, state: proven ? 'verified' : 'failed', check, proof });
    return proven;
  }

  async #inTurn<T>(held: Held, act: () => Promise<T>): Promise<T> {
    held.waiting += 1;
    const turn = held.queue.then(act);
    // The next in line does not fail because this one did; its owner hears of it.
    held.queue = Promise.allSettled([turn]);
    try {
      return await turn;
    } finally {
      held.waiting -= 1;
    }
  }

  #announceLevel(target: Target, level: Level, request: ContainmentRequest): void {
    if (level === 'L2') this.#announce(target, 'sandbox.paused', request);
    if (level === 'L5') this.#announce(target, 'sandbox.killed', request);
  }

  #announce(target: Target, kind: Announced, { requester, reason }: ContainmentRequest): void {
    const observedAtNs = this.#options.clock.nowNs().toString();
    const by = requester.name.slice(0, 64);
    this.#options.observer.observe(target, {
      kind,
      observedAtNs,
      by,
      reason: reason.slice(0, 256),
    });
  }
}

type Announced = 'sandbox.paused' | 'sandbox.resumed' | 'sandbox.killed';
type Report = Pick<ContainmentResult, 'state' | 'check' | 'proof'> & { readonly applied: Applied };

interface Attempting {
  readonly held: Held;
  readonly request: ContainmentRequest;
  readonly tell: OnResult;
}

interface Acting {
  readonly held: Held;
  readonly request: ContainmentRequest;
  readonly report: (report: Report) => void;
}

interface LookingAgain {
  readonly held: Held;
  readonly applied: Applied;
  readonly report: (report: Report) => void;
}

interface Looking extends LookingAgain {
  readonly check: ContainmentResult['check'];
}

/** Keeps the newest attempts; the signature's expiry stands before what was forgotten. */
function remember(attempts: Map<string, Attempt>, id: string, attempt: Attempt): void {
  const oldest = attempts.keys().next();
  if (attempts.size >= attemptsMax && oldest.done !== true) attempts.delete(oldest.value);
  attempts.set(id, attempt);
}

function rank(level: Level): number {
  const found = Level.options.indexOf(level);
  assert(found >= 0, 'a level has a place on the ladder');
  return found;
}

/** Microseconds since the request was made, by the machine's clock; 0 when that lies ahead. */
function elapsedUs({ requestedAtNs }: ContainmentRequest, clock: Clock): number {
  return Math.max(0, Number((clock.nowNs() - requestedAtNs) / 1000n));
}
