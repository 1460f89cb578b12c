// The sandboxes of this host: armed before they start, adopted when their runner dies.
import { dirname } from 'node:path';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Level } from '@sandtrail/schemas/finding';
import type { Observation } from '@sandtrail/schemas/observation';
import { proofHolds } from '@sandtrail/schemas/proof-holds';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { WatchedSandbox } from './collector.ts';
import type {
  ArmedCollector,
  EndedStream,
  Registration,
  SandboxStatus,
} from './control/protocol.ts';
import { openCgroup } from './driver/cgroup-handle.ts';
import type { Containment } from './driver/containment.ts';
import type { DriverChoice, EgressSwitch, Target } from './driver/driver.ts';
import { readTarget } from './driver/target.ts';

/** How the host reaches a sandbox's runner. `owner` is the connection; it stands for nobody else. */
export interface RunnerLink {
  readonly egress: EgressSwitch;
  level(level: Level): void;
  readonly owner: object;
}

/** What watches sandboxes; `watch` resolves when every collector is armed for this one. */
export interface Watchers {
  watch(sandbox: WatchedSandbox, node: string): Promise<readonly ArmedCollector[]>;
  /** Resolves when all about the sandbox is delivered, with where its streams ended. */
  unwatch(sandbox: WatchedSandbox): Promise<readonly EndedStream[]>;
  observe(sandbox: WatchedSandbox, observation: Observation): void;
}

/** A sandbox that somebody else started, found by the host itself. */
export interface KeptSandbox {
  readonly watched: WatchedSandbox;
  readonly target: Target;
  readonly node: string;
  /** By which it is removed again. */
  readonly owner: object;
  /** Hears of a level before it is reached. */
  level(level: Level): void;
}

interface RegisteredOptions {
  readonly driverOf: DriverChoice;
  readonly watchers: Watchers;
  /** Directory whose direct children sandboxes' cgroups must be; `undefined` without root. */
  readonly cgroupParent: string | undefined;
  readonly clock: Clock;
  readonly counters: Counters;
  /** How long an orphan stays frozen, for whoever wants to look, before it is killed. */
  readonly orphanGraceMs: number;
  /** Removes what a dead orphan's runner would have removed: its cgroups and its run's directory. */
  readonly clearAway: (uid: SandboxUid) => Promise<void>;
}

const orphanLookMs = 1000;

interface Entry {
  readonly watched: WatchedSandbox;
  readonly target: Target;
  readonly link: RunnerLink;
  orphaned: boolean;
}

/** All sandboxes that are registered now. */
export class RegisteredSandboxes {
  readonly #options: RegisteredOptions;
  readonly #entries = new Map<SandboxUid, Entry>();
  readonly #stopping = new AbortController();
  #containment: Containment | undefined;
  #recorderLost: string | undefined;

  constructor(options: RegisteredOptions) {
    this.#options = options;
  }

  /** The ladder that moves these sandboxes; it needs them and they need it, so it comes second. */
  attach(containment: Containment): void {
    this.#containment = containment;
  }

  /**
   * Arms every collector for a sandbox, then lets it stand on the ladder where it stood before.
   * @throws SandtrailError `CONTROL_DENIED` for handles that are not this sandbox's own,
   * `CONTAIN_UNKNOWN_SANDBOX` when its first process is gone.
   */
  async add(registration: Registration, link: RunnerLink): Promise<readonly ArmedCollector[]> {
    const { driverOf, watchers } = this.#options;
    const cgroup = this.#checkedCgroup(registration);
    const { uid, incarnation, initPid, policy, workspace, node } = registration;
    const before = this.#entries.get(uid);
    if (before !== undefined && !before.orphaned) {
      throw new SandtrailError('CONTROL_DENIED', { detail: `${uid} is registered` });
    }
    const target = readTarget({ uid, incarnation, cgroup, initPid, egress: link.egress });
    const watched = { uid, incarnation, policy, cgroup, initPid, workspace };
    const entry: Entry = { watched, target, link, orphaned: false };
    this.#entries.set(uid, entry);
    const collectors = before === undefined ? await watchers.watch(watched, node) : [];
    const level = this.#containment?.level(uid) ?? registration.level;
    this.#containment?.add(target, level);
    const isContained = level !== 'L0' && level !== 'L1';
    if (registration.frozen && !isContained && this.#recorderLost === undefined) {
      await driverOf(target).thaw(target);
      this.#observe(entry, { kind: 'sandbox.resumed', reason: 'watched again' });
    }
    this.#options.counters.add('sandboxes.registered');
    return collectors;
  }

  /**
   * Arms every collector for a sandbox that has no runner. One that stands still already was
   * contained by a daemon before this one.
   * @throws SandtrailError `CONTROL_DENIED` when it is registered, `CONTAIN_BUSY`
   */
  async addKept(kept: KeptSandbox): Promise<readonly ArmedCollector[]> {
    const { watched, target, node } = kept;
    const { uid } = watched;
    if (this.#entries.has(uid)) {
      throw new SandtrailError('CONTROL_DENIED', { detail: `${uid} is registered` });
    }
    this.#entries.set(uid, {
      ...{ watched, target, orphaned: false },
      link: { egress: target.egress, level: (level) => kept.level(level), owner: kept.owner },
    });
    const opened = target.cgroup === undefined ? undefined : openCgroup(target.cgroup);
    this.#containment?.add(target, opened?.event('frozen') === true ? 'L2' : 'L0');
    opened?.close();
    const collectors = await this.#options.watchers.watch(watched, node);
    this.#options.counters.add('sandboxes.registered');
    return collectors;
  }

  /** Forgets the sandbox of a connection, once its collectors have delivered what was under way. */
  async remove(owner: object): Promise<readonly EndedStream[]> {
    const entry = this.#of(owner);
    if (entry === undefined) return [];
    this.#containment?.remove(entry.target);
    this.#entries.delete(entry.watched.uid);
    return this.#options.watchers.unwatch(entry.watched);
  }

  /** Who stands where. */
  list(): SandboxStatus[] {
    return [...this.#entries.values()].map(({ watched: { uid, incarnation }, target }) => {
      const driver = this.#options.driverOf(target).name;
      return { uid, incarnation, level: this.#containment?.level(uid) ?? 'L0', driver };
    });
  }

  /** The sandbox as collectors know it. */
  watched(uid: SandboxUid): WatchedSandbox | undefined {
    return this.#entries.get(uid)?.watched;
  }

  /** Tells a sandbox's runner of a level that is about to be reached. */
  tellLevel(uid: SandboxUid, level: Level): void {
    this.#entries.get(uid)?.link.level(level);
  }

  /** The runner is gone without a good-bye: the sandbox is frozen, and killed after a while. */
  async orphaned(owner: object): Promise<void> {
    const entry = this.#of(owner);
    // A daemon that stops leaves its sandboxes to their runners, which freeze them and wait.
    if (entry === undefined || this.#stopping.signal.aborted) return;
    entry.orphaned = true;
    this.#options.counters.add('sandboxes.orphaned');
    const { driverOf, orphanGraceMs } = this.#options;
    if (entry.watched.policy.on_recorder_loss === 'freeze') {
      await driverOf(entry.target).freeze(entry.target);
      this.#observe(entry, { kind: 'sandbox.paused', reason: 'its runner is gone' });
      await this.#untilDead(entry, orphanGraceMs);
    }
    await this.#untilOver(entry);
  }

  /** A kernel sensor died: sandboxes whose policy says so wait, frozen, until `recorderBack`. */
  async recorderLost(reason: string): Promise<void> {
    this.#recorderLost = reason;
    await Promise.all(
      this.#freezable().map(async (entry) => {
        await this.#options.driverOf(entry.target).freeze(entry.target);
        this.#observe(entry, { kind: 'sandbox.paused', reason });
      }),
    );
  }

  /** The sensor sees again: what it stopped runs on, unless it is contained. */
  async recorderBack(): Promise<void> {
    this.#recorderLost = undefined;
    await Promise.all(
      this.#freezable().map(async (entry) => {
        await this.#options.driverOf(entry.target).thaw(entry.target);
        this.#observe(entry, { kind: 'sandbox.resumed', reason: 'watched again' });
      }),
    );
  }

  /** Ends the waits for orphans; they stay frozen, and the next start reaps them. */
  stop(): void {
    this.#stopping.abort();
  }

  #of(owner: object): Entry | undefined {
    return [...this.#entries.values()].find((entry) => entry.link.owner === owner);
  }

  #freezable(): readonly Entry[] {
    return [...this.#entries.values()].filter((entry) => {
      const level = this.#containment?.level(entry.watched.uid);
      const isRunning = level === undefined || level === 'L0' || level === 'L1';
      return isRunning && !entry.orphaned && entry.watched.policy.on_recorder_loss === 'freeze';
    });
  }

  /** Waits so long, or until somebody has killed it. */
  async #untilDead({ target }: Entry, waitMs: number): Promise<void> {
    const { signal } = this.#stopping;
    for (let waitedMs = 0; waitedMs < waitMs && !signal.aborted; waitedMs += orphanLookMs) {
      if (proofHolds('L5', await this.#options.driverOf(target).verify(target))) return;
      await pause(Math.min(orphanLookMs, waitMs - waitedMs), signal);
    }
  }

  /** Waits for an orphan's end, brought about where the policy freezes orphans, and forgets it. */
  async #untilOver(entry: Entry): Promise<void> {
    const { driverOf, watchers } = this.#options;
    const driver = driverOf(entry.target);
    const { signal } = this.#stopping;
    while (!signal.aborted && this.#entries.get(entry.watched.uid) === entry) {
      if (entry.watched.policy.on_recorder_loss === 'freeze') {
        await driver.apply(entry.target, 'L5');
      }
      if (proofHolds('L5', await driver.verify(entry.target))) {
        this.#observe(entry, { kind: 'sandbox.killed', reason: 'its runner is gone' });
        this.#containment?.remove(entry.target);
        this.#entries.delete(entry.watched.uid);
        await watchers.unwatch(entry.watched);
        await this.#options.clearAway(entry.watched.uid);
        return;
      }
      await pause(orphanLookMs, signal);
    }
  }

  #observe(entry: Entry, what: { kind: Announced; reason: string }): void {
    const observedAtNs = this.#options.clock.nowNs().toString();
    this.#options.watchers.observe(entry.watched, { ...what, observedAtNs, by: 'host' });
  }

  #checkedCgroup({ cgroup, initPid, uid }: Registration): WatchedSandbox['cgroup'] {
    const { cgroupParent } = this.#options;
    if (cgroup === undefined || cgroupParent === undefined) return undefined;
    const handle = { path: cgroup.path, id: BigInt(cgroup.id) };
    const opened = dirname(cgroup.path) === cgroupParent ? openCgroup(handle) : undefined;
    const isInside = opened?.threads().includes(initPid) === true;
    opened?.close();
    if (isInside) return handle;
    throw new SandtrailError('CONTROL_DENIED', { detail: `the cgroup of ${uid}` });
  }
}

type Announced = 'sandbox.paused' | 'sandbox.resumed' | 'sandbox.killed';
