// One sandbox of this runner: what is open for it, in the order in which it opens and closes.
import type { CompiledPolicy } from '@sandtrail/policy/compile-policy';
import type { Level } from '@sandtrail/schemas/finding';
import { StreamId } from '@sandtrail/schemas/stream';
import type { EffectiveMode, WatchedSandbox } from '../collector.ts';
import { CommandRecord, commandMode } from '../command/command-record.ts';
import type { ArmedCollector } from '../control/protocol.ts';
import { createCgroupDriver } from '../driver/cgroup.ts';
import type { Driver, Target } from '../driver/driver.ts';
import { createProcessDriver } from '../driver/process.ts';
import { readTarget } from '../driver/target.ts';
import { hostLookup } from '../egress/host-lookup.ts';
import type { SandboxCgroup } from './cgroup.ts';
import { type Edge, noEdge, startEdge } from './edge.ts';
import { HostLink } from './host-link.ts';
import { type Exit, type Launched, launchSandbox } from './launch.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import type { Plan } from './plan.ts';
import type { RecorderStream, StreamEnd } from './recorder.ts';
import type { EndReason, RunLimits, RunOptions } from './run-options.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

interface RunningOptions extends Omit<RunOptions, 'limits'> {
  readonly limits: RunLimits;
  readonly compiled: CompiledPolicy;
  readonly plan: Plan;
}

interface Kill {
  readonly by: string;
  readonly reason: string;
  readonly as: EndReason;
}

interface End {
  readonly reason: EndReason;
  readonly level: Level;
  readonly streams: readonly StreamEnd[];
}

const watchdogsMax = 5;
const runnerMode: EffectiveMode = {
  on: true,
  detail: 'the runner itself',
  blindSpots: ['what happens inside the sandbox'],
};
const edgeMode: EffectiveMode = {
  on: true,
  detail: 'in the sandbox network namespace, its only way out',
  blindSpots: ['what is said inside TLS', 'connections within the sandbox'],
};

/** A sandbox from `create` to `end`; each step is called once, in this order. */
export class RunningSandbox {
  readonly #options: RunningOptions;
  readonly #driver: Driver;
  readonly #streams: RecorderStream[] = [];
  #own: RecorderStream | undefined;
  #lifecycle: Lifecycle | undefined;
  #command: CommandRecord | undefined;
  #launched: Launched | undefined;
  #target: Target | undefined;
  #watched: WatchedSandbox | undefined;
  #edge: Edge = noEdge();
  #watchdog: Watchdog | undefined;
  #link: HostLink | undefined;
  #timer: NodeJS.Timeout | undefined;
  #killed: EndReason | undefined;
  #levelMax: Level = 'L0';
  #collectors: readonly ArmedCollector[] = [];
  #startMs = 0;
  #watchdogsLost = 0;

  constructor(options: RunningOptions) {
    this.#options = options;
    this.#driver = options.plan.privileged
      ? createCgroupDriver({ clock: options.clock })
      : createProcessDriver();
  }

  get startMs(): number {
    return this.#startMs;
  }

  get collectors(): readonly ArmedCollector[] {
    return this.#collectors;
  }

  /** Opens the streams and tells what the sandbox is, before anything of it is there. */
  async create(policyDigest: string): Promise<void> {
    const { recorder, clock, plan, policy, name, node, command } = this.#options;
    this.#own = await recorder.open('sandbox', runnerMode);
    this.#lifecycle = createLifecycle({ stream: this.#own, clock });
    const cgroup = plan.cgroup && { path: plan.cgroup.path, id: plan.cgroup.id.toString() };
    const { isolation } = plan;
    this.#lifecycle.created({
      ...{ name, node, isolation, policy, policyDigest, workspace: plan.workspace.path },
      ...(cgroup === undefined ? {} : { cgroup }),
    });
    for (const field of plan.unenforced) this.#lifecycle.unenforced(field);
    const stream = await this.#open('command', commandMode);
    const { scanner, counters, compiled, limits } = this.#options;
    const { path: inside, writable } = compiled.enforce.workspace;
    const workspace = writable ? { root: plan.workspace.path, inside } : undefined;
    const { textBytesMax } = limits;
    const record = { stream, scanner, clock, counters, command, workspace, textBytesMax };
    this.#command = new CommandRecord(record);
  }

  /** Starts bubblewrap, held at the door, with its edge and its watchdog. */
  async launch(terminalFd: number | undefined): Promise<Launched> {
    const { plan, compiled, command, uid, prefix, limits, policy } = this.#options;
    const { cgroup, workspace } = plan;
    const launched = await launchSandbox({
      view: {
        binds: plan.binds,
        workspace: compiled.enforce.workspace.path,
        environment: plan.environment,
        hostname: uid,
        terminal: terminalFd !== undefined,
        command,
      },
      privileged: cgroup && { procsFiles: cgroup.procsFiles, owner: workspace.owner },
      prefix,
      terminalFd,
      startTimeoutMs: limits.startTimeoutMs,
    });
    this.#launched = launched;
    await this.#watch(launched.initPid);
    if (plan.network) this.#edge = await this.#openEdge(launched.initPid);
    if (cgroup !== undefined && policy.on_recorder_loss === 'freeze') {
      this.#guard(cgroup);
    }
    this.#target = readTarget({
      uid,
      incarnation: this.#options.incarnation,
      cgroup: cgroup && { path: cgroup.path, id: cgroup.id },
      initPid: launched.initPid,
      egress: this.#edge.egress,
    });
    return launched;
  }

  /** Registers with the host daemon; resolves when its collectors watch this sandbox. */
  async arm(): Promise<void> {
    const { controlSocket, uid, incarnation, node, policy, plan, clock, limits } = this.#options;
    const { cgroup, workspace } = plan;
    const target = this.#target;
    if (target === undefined || controlSocket === undefined) return;
    const handle = cgroup && { path: cgroup.path, id: cgroup.id.toString() };
    const link = new HostLink({
      socketPath: controlSocket,
      registration: {
        ...{ uid, incarnation, node, policy, initPid: target.initPid },
        workspace: workspace.path,
        ...(handle === undefined ? {} : { cgroup: handle }),
      },
      ...{ driver: this.#driver, target, clock },
      silenceMsMax: limits.hostSilenceMsMax,
      lossMsMax: limits.hostLossMsMax,
      onLevel: (level) => {
        if (level > this.#levelMax) this.#levelMax = level;
      },
      onFrozen: (reason) => this.#lifecycle?.paused({ by: 'runner', reason }),
      onAbandoned: () =>
        this.kill({ by: 'runner', reason: 'the host daemon stayed away', as: 'orphaned' }),
    });
    this.#collectors = await link.arm();
    this.#link = link;
  }

  /** Opens the door. */
  start(startMs: number): void {
    const { command, compiled } = this.#options;
    const pid = this.#launched?.initPid ?? 0;
    this.#startMs = startMs;
    this.#lifecycle?.started({ pid, argv: [...command] });
    this.#command?.started();
    this.#launched?.open();
    this.#timer = setTimeout(() => this.#timeOut(), compiled.enforce.limits.timeoutMs);
  }

  output(channel: 'stdout' | 'stderr' | 'terminal', chunk: Buffer): void {
    this.#command?.output(channel, chunk);
  }

  /** Kills everything in the sandbox, once. */
  async kill({ by, reason, as }: Kill): Promise<void> {
    if (this.#killed !== undefined || this.#target === undefined) return;
    this.#killed = as;
    this.#lifecycle?.killed({ by, reason });
    await this.#driver.apply(this.#target, 'L5');
  }

  /** Leaves no task behind: a command may end before what it started. */
  async stopTasks(): Promise<void> {
    clearTimeout(this.#timer);
    // Before the kill, which would call what is still open contained.
    await this.#edge.close();
    if (this.#target !== undefined) await this.#driver.apply(this.#target, 'L5');
    else this.#launched?.kill('SIGKILL');
    await this.#launched?.exited;
  }

  /** Closes everything and tells how the sandbox ended and where each stream did. */
  async end(how: { reason: EndReason | undefined; exit: Exit | undefined }): Promise<End> {
    const { exit } = how;
    await this.stopTasks();
    if (exit === undefined) this.#command?.close();
    else this.#command?.finished(exit);
    await this.#unwatch();
    const host = (await this.#link?.leave()) ?? [];
    const streams = host.map(({ stream, lastSeq }) => {
      return { stream: StreamId.parse(stream), lastSeq: BigInt(lastSeq) };
    });
    for (const stream of this.#streams) streams.push(await stream.close('the sandbox has ended'));
    await this.#watchdog?.dismiss();
    const oomKills = this.#options.plan.cgroup?.oomKills() ?? 0;
    await this.#options.plan.cgroup?.remove();
    const reason = how.reason ?? this.#reason(exit);
    const told = streams.map(({ stream, lastSeq }) => ({ stream, lastSeq: lastSeq.toString() }));
    this.#lifecycle?.destroyed({
      reason,
      streams: told.slice(0, 16),
      ...(exit === undefined ? {} : { exitCode: exit.code }),
      ...(exit?.signal === undefined ? {} : { signal: exit.signal }),
      ...(oomKills === 0 ? {} : { oomKills }),
    });
    const own = await this.#own?.close('the sandbox has ended');
    if (own !== undefined) streams.push(own);
    return { reason, level: this.#levelMax, streams };
  }

  #reason(exit: Exit | undefined): EndReason {
    if (this.#killed !== undefined) return this.#killed;
    if (this.#levelMax >= 'L5') return 'contained';
    return exit?.signal === undefined ? 'exited' : 'signalled';
  }

  /** A watchdog that is gone is replaced, a few times; then the sandbox must not go on. */
  #guard(cgroup: SandboxCgroup): void {
    this.#watchdog = startWatchdog({
      cgroup,
      onLost: () => {
        this.#watchdogsLost += 1;
        this.#options.counters.add('watchdogs.lost');
        if (this.#watchdogsLost < watchdogsMax) this.#guard(cgroup);
        else void this.kill({ by: 'runner', reason: 'its watchdog is killed', as: 'failed' });
      },
    });
  }

  async #timeOut(): Promise<void> {
    const target = this.#target;
    if (target === undefined) return;
    await this.#driver.freeze(target);
    this.#lifecycle?.paused({ by: 'runner', reason: 'timeout' });
    await this.kill({ by: 'runner', reason: 'timeout', as: 'timeout' });
  }

  /** Starts the runner's own sensors, each with a stream; a tracer has waited for its reader. */
  async #watch(initPid: number): Promise<void> {
    const { uid, incarnation, policy, plan, sensors, counters } = this.#options;
    const cgroup = plan.cgroup && { path: plan.cgroup.path, id: plan.cgroup.id };
    const workspace = plan.workspace.path;
    const watched = { uid, incarnation, policy, cgroup, initPid, workspace };
    this.#watched = watched;
    for (const sensor of sensors) {
      let stream: RecorderStream | undefined;
      const mode = await sensor.start({
        observe: (_sandbox, observation) => stream?.emit(observation),
        lost: (_sandbox, gap) => stream?.lost(gap),
        restarted: () => counters.add('runner.sensor_restarts'),
      });
      stream = await this.#open(sensor.name, mode);
      await sensor.watch(watched);
    }
  }

  async #unwatch(): Promise<void> {
    for (const sensor of this.#options.sensors) {
      if (this.#watched !== undefined) await sensor.unwatch(this.#watched);
      await sensor.stop();
    }
  }

  async #openEdge(pid: number): Promise<Edge> {
    const { compiled, clock, counters } = this.#options;
    const policy = compiled.enforce.egress;
    const egress = await this.#open('egress', edgeMode);
    const dns = await this.#open('dns', edgeMode);
    return startEdge({
      ...{ pid, policy, clock, counters, privileged: this.#options.plan.privileged },
      lookup: this.#options.lookup ?? hostLookup({ policy, clock }),
      egress: (observation) => egress.emit(observation),
      dns: (observation) => dns.emit(observation),
    });
  }

  async #open(collector: string, mode: EffectiveMode): Promise<RecorderStream> {
    const stream = await this.#options.recorder.open(collector, mode);
    this.#streams.push(stream);
    return stream;
  }
}
