// Containers of one engine as sandboxes: registered at their birth by a label, or by name at any time.
import { uptime } from 'node:os';
import { isWeaker } from '@sandtrail/policy/isolation';
import { policyDigest } from '@sandtrail/policy/policy-digest';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Level } from '@sandtrail/schemas/finding';
import type { Observation } from '@sandtrail/schemas/observation';
import type { Policy } from '@sandtrail/schemas/policy';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import type { EndedStream } from '../control/protocol.ts';
import type { DriverChoice } from '../driver/driver.ts';
import { runscRootOf } from '../gvisor/runsc-root.ts';
import type { RegisteredSandboxes } from '../registered-sandboxes.ts';
import { type BoundContainer, bindContainer } from './bind.ts';
import { isolationOf, unenforcedOf } from './effective.ts';
import type { Container, DockerEngine } from './engine.ts';
import type { DockerEvent } from './event.ts';
import type { EventListener } from './event-feed.ts';

/** One life of a container. */
export interface ContainerLife {
  readonly uid: SandboxUid;
  readonly incarnation: number;
}

/** What the scheduler needs of the record. */
export interface ContainerRecord {
  /** Registers its life with the gateway: the first that is not over. */
  open(uid: SandboxUid): Promise<number>;
  close(life: ContainerLife): Promise<void>;
  /** Resolves when it is durable. */
  write(life: ContainerLife, observation: Observation): Promise<void>;
}

interface SchedulerOptions {
  /** Containers with this label are watched; its value names their policy. */
  readonly label: string;
  /** @throws SandtrailError `POLICY_INVALID`, `INPUT_UNREADABLE` */
  readonly policyOf: (name: string) => Policy;
  /** Watch what is isolated less than its policy declares, instead of killing it. */
  readonly allowWeaker: boolean;
  readonly sandboxes: RegisteredSandboxes;
  readonly driverOf: DriverChoice;
  readonly record: ContainerRecord;
  readonly node: string;
  /** Name of the cgroup whose direct children the kernel sensors watch. */
  readonly cgroupParent: string;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
}

interface Kept {
  readonly life: ContainerLife;
  readonly container: Container;
  readonly bound: BoundContainer;
  /** Stands for the runner that such a sandbox has not. */
  readonly owner: { level: Level };
}

interface Wish {
  readonly policy: Policy;
  readonly allowWeaker: boolean;
}

/** What became of a wish. */
export interface Watching extends ContainerLife {
  readonly isolation: string;
  readonly unenforced: readonly string[];
}

const keptMax = 1_024;

/** Keeps the sandboxes of one engine in step with its containers. */
export class DockerScheduler implements EventListener {
  readonly #options: SchedulerOptions;
  readonly #kept = new Map<string, Kept>();
  /** Acts on one container follow each other. */
  readonly #turns = new Map<string, Promise<void>>();
  #engine: DockerEngine | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  event({ container, action, attributes }: DockerEvent): void {
    if (action === 'start' && attributes[this.#options.label] !== undefined) {
      this.#turn(container, () => this.#born(container));
    }
    if (action === 'die')
      this.#turn(container, () => this.#gone(container, attributes['exitCode']));
  }

  connected(engine: DockerEngine): void {
    this.#engine = engine;
    this.look();
  }

  /** What started or ended unseen, or could not be taken in before, is found by looking. */
  look(): void {
    const engine = this.#engine;
    if (engine === undefined) return;
    this.#turn('', async () => {
      for (const [id, { container }] of this.#kept) {
        const now = await engine.inspect(id);
        const isSame = now?.State.Running === true && now.State.Pid === container.State.Pid;
        if (!isSame) this.#turn(id, () => this.#gone(id, undefined));
      }
      for (const id of await engine.running(this.#options.label)) {
        this.#turn(id, () => this.#born(id));
      }
    });
  }

  /**
   * Watches a running container, by id or name, from now on.
   * @throws SandtrailError `DOCKER_UNAVAILABLE`, `CONTAIN_UNKNOWN_SANDBOX`, `SANDBOX_WEAKER`
   */
  async watch(name: string, wish: Wish): Promise<Watching> {
    const engine = this.#connected();
    const container = await engine.inspect(name);
    if (container === undefined)
      throw new SandtrailError('CONTAIN_UNKNOWN_SANDBOX', { detail: name });
    const { isolation } = isolationOf(container);
    if (isWeaker(isolation, wish.policy.isolation) && !wish.allowWeaker) {
      const detail = `${wish.policy.isolation} is declared, ${isolation} is what ${name} has`;
      throw new SandtrailError('SANDBOX_WEAKER', { detail });
    }
    return this.#enter(engine, container, wish);
  }

  /** Resolves when what was under way is done. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#turns.values()]);
  }

  #connected(): DockerEngine {
    if (this.#engine !== undefined) return this.#engine;
    throw new SandtrailError('DOCKER_UNAVAILABLE', { detail: 'no engine has answered yet' });
  }

  #turn(id: string, work: () => Promise<void>): void {
    const { counters, logger } = this.#options;
    const before = this.#turns.get(id) ?? Promise.resolve();
    const turn = before.then(work).catch((error: unknown) => {
      counters.add('docker.acts_failed');
      logger.error('a container could not be followed', { id, error: String(error) });
    });
    this.#turns.set(id, turn);
    const forget = () => this.#turns.get(id) === turn && this.#turns.delete(id);
    turn.then(forget, forget);
  }

  async #born(id: string): Promise<void> {
    const engine = this.#connected();
    const container = this.#kept.has(id) ? undefined : await engine.inspect(id);
    if (container?.State.Running !== true) return;
    const name = container.Config.Labels?.[this.#options.label] ?? '';
    const { policyOf, allowWeaker } = this.#options;
    await this.#enter(engine, container, { policy: policyOf(name), allowWeaker });
  }

  async #enter(engine: DockerEngine, container: Container, wish: Wish): Promise<Watching> {
    const { Id: id } = container;
    const { sandboxes, record, cgroupParent } = this.#options;
    if (this.#kept.size >= keptMax || this.#kept.has(id)) {
      throw new SandtrailError('CONTROL_DENIED', { detail: `${id} is watched, or too many are` });
    }
    const uid = SandboxUid.parse(`docker-${id.slice(0, 32)}`);
    const life = { uid, incarnation: await record.open(uid) };
    const adoptedParent = `${cgroupParent}.adopted`;
    const bound = bindContainer({ ...life, container, engine, adoptedParent });
    const kept = { life, container, bound, owner: { level: 'L0' } } satisfies Kept;
    this.#kept.set(id, kept);
    try {
      return await this.#register(kept, wish);
    } catch (error) {
      // Not watched after all: the next look tries again.
      this.#kept.delete(id);
      await sandboxes.remove(kept.owner);
      bound.release();
      throw error;
    }
  }

  async #register(kept: Kept, wish: Wish): Promise<Watching> {
    const { life, container, bound, owner } = kept;
    const { sandboxes, node, driverOf } = this.#options;
    const { isolation, unenforced } = await this.#tellBirth({ ...kept, wish });
    const { target } = bound;
    const runscRoot = bound.runtime === 'gvisor' ? runscRootOf(target.initPid) : undefined;
    const watched = {
      ...life,
      policy: wish.policy,
      cgroup: target.cgroup,
      initPid: target.initPid,
      workspace: wish.policy.filesystem.workspace,
      container: { id: container.Id, ...(runscRoot === undefined ? {} : { runscRoot }) },
    };
    const level = (reached: Level) => {
      owner.level = reached;
    };
    await sandboxes.addKept({ watched, target, node, owner, level });
    if (isWeaker(isolation, wish.policy.isolation) && !wish.allowWeaker) {
      owner.level = 'L5';
      await driverOf(target).apply(target, 'L5');
      const reason = 'isolated too weakly';
      await this.#write(life, { kind: 'sandbox.killed', by: 'policy', reason });
    }
    return { ...life, isolation, unenforced: unenforced.map(({ field }) => field) };
  }

  /** Durable before anything that is seen of it: detectors judge by the policy that stands here. */
  async #tellBirth({ life, container, bound, wish }: Kept & { readonly wish: Wish }) {
    const { node, cgroupParent } = this.#options;
    const { path, id, adopted } = bound.cgroup;
    const { isolation, weakened } = isolationOf(container);
    await this.#write(life, {
      kind: 'sandbox.created',
      name: container.Name.replace(/^\//, '').slice(0, 128),
      template: container.Config.Image.slice(0, 128).toWellFormed(),
      node,
      isolation,
      policy: wish.policy,
      policyDigest: policyDigest(wish.policy),
      cgroup: { path, id: `${id}` },
    });
    const sensed = !adopted && path.split('/').at(-2) === cgroupParent;
    const unenforced = [...unenforcedOf(container, wish.policy, { sensed, cgroupParent })];
    if (isWeaker(isolation, wish.policy.isolation)) {
      const why = weakened.length === 0 ? '' : `: it has ${weakened.join(', ')}`;
      const reason = `${wish.policy.isolation} is declared, ${isolation} is what it has${why}`;
      unenforced.push({ field: 'isolation', reason: reason.slice(0, 512) });
    }
    for (const each of unenforced) await this.#write(life, { kind: 'sandbox.unenforced', ...each });
    const argv = [container.Path, ...container.Args].slice(0, 64);
    await this.#options.record.write(life, {
      kind: 'sandbox.started',
      observedAtNs: this.#madeNs(bound),
      pid: bound.target.initPid,
      argv: argv.map((each) => each.slice(0, 4096).toWellFormed()),
    });
    return { isolation, unenforced };
  }

  async #gone(id: string, exitCode: string | undefined): Promise<void> {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    this.#kept.delete(id);
    const { sandboxes, record } = this.#options;
    const { life, bound, owner } = kept;
    const streams: readonly EndedStream[] = await sandboxes.remove(owner);
    const code = Number(exitCode ?? Number.NaN);
    await this.#write(life, {
      kind: 'sandbox.destroyed',
      reason: owner.level === 'L5' ? 'contained' : 'exited',
      streams: streams.slice(0, 16).map((each) => ({ ...each })),
      ...(Number.isSafeInteger(code) && code >= 0 ? { exitCode: code } : {}),
    });
    bound.release();
    await record.close(life);
  }

  /** When its first process was made: earlier than its first program, later than anything else. */
  #madeNs({ target: { initStartTicks } }: BoundContainer): string {
    const nsPerTick = 10_000_000n;
    const bootNs = this.#options.clock.nowNs() - BigInt(Math.round(uptime() * 1000)) * 1_000_000n;
    return `${bootNs + initStartTicks * nsPerTick}`;
  }

  #write(life: ContainerLife, observation: Written): Promise<void> {
    const observedAtNs = this.#options.clock.nowNs().toString();
    return this.#options.record.write(life, { ...observation, observedAtNs });
  }
}

type WithoutTime<T> = T extends unknown ? Omit<T, 'observedAtNs'> : never;
type Written = WithoutTime<Extract<Observation, { kind: `sandbox.${string}` }>>;
