// One life of the sensor: from its start and canary, through its records and fences, to its end.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type Assembled, Assembler } from './assembler.ts';
import { type CanaryCgroup, canary, makeCanaryCgroup, removeCanaryCgroup, runCanary } from './canary.ts'; // biome-ignore format: one line
import { raiseFence } from './fence.ts';
import { Ledger, type LedgerLoss } from './ledger.ts';
import type { SensorLine } from './lines.ts';
import { type Program, specialCalls } from './program.ts';
import { parseRecord } from './record.ts';
import { type Sensor, startSensor } from './sensor.ts';

/** What one life of the sensor needs, and where its records go. */
export interface RunOptions {
  readonly program: Program;
  readonly parentCgroup: string;
  readonly bpftrace: string;
  readonly ringPages: number;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly onRecord: (record: Assembled) => void;
  readonly onLoss: (loss: LedgerLoss) => void;
  /** Called once when a sensor that had started ends, however that came about. */
  readonly onEnd: (how: string) => void;
}

interface Waiting {
  readonly token: bigint;
  readonly beforeNs: bigint;
  readonly afterNs: bigint;
  readonly resolve: (answered: boolean) => void;
}

/** Compiling and attaching takes about 3 s of one processor; a busy machine takes longer. */
const attachTimeoutMs = 60_000;
const canaryTimeoutMs = 10_000;
const fenceTimeoutMs = 2_000;
const attachFenceMs = 20;

/** A sensor with its ledger; one that ended is not started again, another one is. */
export class SensorRun {
  readonly ledger = new Ledger();
  readonly #options: RunOptions;
  readonly #assembler: Assembler;
  #sensor: Sensor | undefined;
  #onAttached: (probes: number) => void = () => undefined;
  #canary: { readonly cgroup: bigint; readonly seen: Set<string>; pids: Set<number> } | undefined;
  #waiting: Waiting | undefined;
  #token = 0n;
  #fences: Promise<boolean> = Promise.resolve(true);
  #counts: ReadonlyMap<string, bigint> = new Map();
  #ended: string | undefined;
  #proven = false;
  /** Nanoseconds since the Unix epoch at boot, measured at each fence. */
  bootNs = 0n;
  /** Time since boot of the last record or fence. */
  lastNs = 0n;
  /** When anything last came, in the clock's monotonic milliseconds. */
  lastLineMs = 0;
  /** Opens that the filter in the kernel left out, by cgroup. */
  filtered: ReadonlyMap<string, bigint> = new Map();

  constructor(options: RunOptions) {
    this.#options = options;
    this.#assembler = new Assembler(options.counters);
  }

  /** True from its proven start to its end. */
  get up(): boolean {
    return this.#proven && this.#ended === undefined;
  }

  get pid(): number | undefined {
    return this.#sensor?.pid;
  }

  /**
   * Resolves with the number of attached probes once a canary came back.
   * @throws SandtrailError `SENSOR_UNAVAILABLE` when the program does not load or the canary is lost.
   */
  async start(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#onAttached = resolve;
    const { program, bpftrace, ringPages } = this.#options;
    const died = Promise.withResolvers<never>();
    // It may reject when nobody waits any more: then its end was reported otherwise.
    died.promise.catch(() => this.#options.counters.add('ebpf.sensor_ends'));
    this.#sensor = startSensor({
      ...{ program, bpftrace, ringPages },
      onLine: (line) => this.#line(line),
      onEnd: (how) => {
        const wasUp = this.up;
        this.#ended = how;
        this.#waiting?.resolve(false);
        const said = this.#sensor?.complaint() ?? '';
        died.reject(unavailable(`bpftrace ended: ${how} ${said}`));
        if (wasUp) this.#options.onEnd(how);
      },
    });
    try {
      const probes = await within(attachTimeoutMs, Promise.race([promise, died.promise]));
      if (probes === undefined) throw unavailable('bpftrace did not attach in time');
      // It says so before it attaches; the fence is attached last, so an answer means all are.
      if (!(await this.#answers())) throw unavailable('bpftrace does not answer');
      await Promise.race([this.#prove(), died.promise]);
      this.#proven = true;
      return probes;
    } catch (error) {
      this.kill();
      throw error;
    }
  }

  async #answers(): Promise<boolean> {
    const deadlineMs = this.#options.clock.monotonicMs() + attachTimeoutMs;
    while (this.#ended === undefined && this.#options.clock.monotonicMs() < deadlineMs) {
      if (await this.fence(attachFenceMs)) return true;
    }
    return false;
  }

  /** Asks for the kernel's counts; resolves with whether an answer came. One after the other. */
  fence(timeoutMs = fenceTimeoutMs): Promise<boolean> {
    this.#fences = this.#fences.then(() => this.#raise(timeoutMs));
    return this.#fences;
  }

  async #raise(timeoutMs: number): Promise<boolean> {
    if (this.#ended !== undefined) return false;
    const { clock } = this.#options;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const token = ++this.#token;
    const beforeNs = clock.nowNs();
    raiseFence(token);
    this.#waiting = { token, beforeNs, afterNs: clock.nowNs(), resolve };
    const answered = (await within(timeoutMs, promise)) ?? false;
    this.#waiting = undefined;
    if (!answered && timeoutMs === fenceTimeoutMs) {
      this.#options.counters.add('ebpf.fences_unanswered');
    }
    return answered;
  }

  kill(): void {
    this.#sensor?.kill();
  }

  #line(line: SensorLine): void {
    const { counters, clock } = this.#options;
    this.lastLineMs = clock.monotonicMs();
    switch (line.type) {
      case 'printed':
        this.#printed(line.bytes);
        break;
      case 'attached':
        this.#onAttached(line.probes);
        break;
      case 'lost':
        counters.add('ebpf.lines_lost', line.events);
        break;
      case 'map':
        if (line.name === '@s') this.#counts = line.counts;
        if (line.name === '@f') this.filtered = line.counts;
        break;
      case 'malformed':
        counters.add('ebpf.lines_malformed');
        break;
      default:
        line satisfies never;
    }
  }

  #printed(bytes: Buffer): void {
    const record = parseRecord(bytes);
    if (record === undefined) {
      this.#options.counters.add('ebpf.lines_malformed');
      return;
    }
    if (record.type === 'fence') {
      this.#answered(record.token, record.atNs);
      return;
    }
    const whole = this.#assembler.take(record);
    if (whole === undefined) return;
    const { cgroup, processor, number, atNs } = whole.main.head;
    this.lastNs = atNs;
    const loss = this.ledger.record(cgroup, processor, number, atNs);
    if (cgroup === this.#canary?.cgroup) {
      this.#canaryRecord(whole);
      return;
    }
    if (loss !== undefined) this.#options.onLoss(loss);
    this.#options.onRecord(whole);
  }

  #answered(token: bigint, atNs: bigint): void {
    this.lastNs = atNs;
    const fence = { atNs, token, newest: this.#token };
    for (const loss of this.ledger.snapshot(this.#counts, fence)) this.#options.onLoss(loss);
    const waiting = this.#waiting;
    if (waiting?.token !== token) return;
    this.bootNs = (waiting.beforeNs + waiting.afterNs) / 2n - atNs;
    waiting.resolve(true);
  }

  #canaryRecord({ main }: Assembled): void {
    const text = main.text?.toString('utf8') ?? '';
    if (main.call === specialCalls.exec && main.result === 0n)
      this.#canary?.pids.add(main.head.pid);
    this.#canary?.seen.add(text);
  }

  async #prove(): Promise<void> {
    const { parentCgroup, clock } = this.#options;
    const cgroup: CanaryCgroup = makeCanaryCgroup(parentCgroup, `canary-${process.pid}`);
    const proof = { cgroup: cgroup.id, seen: new Set<string>(), pids: new Set<number>() };
    this.#canary = proof;
    try {
      const pid = await runCanary(cgroup);
      const whole = () =>
        proof.pids.has(pid) && proof.seen.has(canary.program) && proof.seen.has(canary.file);
      const deadlineMs = clock.monotonicMs() + canaryTimeoutMs;
      while (!whole() && clock.monotonicMs() < deadlineMs && this.#ended === undefined) {
        await this.fence();
      }
      if (!whole()) throw unavailable('the canary did not come back as an event');
    } finally {
      await removeCanaryCgroup(cgroup);
    }
  }
}

function unavailable(detail: string): SandtrailError {
  return new SandtrailError('SENSOR_UNAVAILABLE', { detail: detail.trim() });
}

/** The promise's value, or `undefined` after `ms`. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
