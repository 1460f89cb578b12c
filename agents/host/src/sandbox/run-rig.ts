// For tests: a host daemon's control socket, a recorder in memory, and runs with their own parent cgroup.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import type { ContainmentRequest, SignedRequest } from '@sandtrail/schemas/containment';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Observation } from '@sandtrail/schemas/observation';
import { Policy } from '@sandtrail/schemas/policy';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { formatStream } from '@sandtrail/schemas/stream';
import { createScanner } from '@sandtrail/secrets/scanner';
import type * as z from 'zod';
import { type ControlServer, startControlServer } from '../control/server.ts';
import { createCgroupDriver } from '../driver/cgroup.ts';
import { Containment } from '../driver/containment.ts';
import { createRequestAdmission } from '../driver/signed-request.ts';
import { RegisteredSandboxes } from '../registered-sandboxes.ts';
import { removeCgroups } from './cgroup.ts';
import { cgroupDirectories, findCgroupLayout } from './cgroup-layout.ts';
import { clearRemains } from './orphans.ts';
import type { SandboxRecorder } from './recorder.ts';
import type { RunOptions } from './run-options.ts';

/** A policy for tests; `overrides` replace whole sections. */
export function testPolicy(overrides: Partial<z.input<typeof Policy>> = {}): Policy {
  return Policy.parse({
    isolation: 'bubblewrap',
    network: { mode: 'none' },
    filesystem: { workspace: '/work' },
    resources: { cpu_limit: '2', memory_limit: '512Mi', timeout_seconds: 30, pids_limit: 128 },
    ...overrides,
  });
}

/** A recorder that keeps what it is told. */
export interface MemoryRecorder extends SandboxRecorder {
  readonly seen: readonly Observation[];
  of<K extends Observation['kind']>(kind: K): readonly Extract<Observation, { kind: K }>[];
}

/** Keeps observations in memory, in one row over all streams. */
export function memoryRecorder(sandbox: SandboxUid): MemoryRecorder {
  const seen: Observation[] = [];
  const isOf =
    <K extends Observation['kind']>(kind: K) =>
    (one: Observation): one is Extract<Observation, { kind: K }> =>
      one.kind === kind;
  return {
    seen,
    of: (kind) => seen.filter(isOf(kind)),
    open: (collector) => {
      let count = 0n;
      const stream = formatStream({ collector, node: 'n', epoch: 1, sandbox, incarnation: 0 });
      return Promise.resolve({
        emit: (observation: Observation) => {
          seen.push(observation);
          count += 1n;
        },
        lost: () => undefined,
        close: () => Promise.resolve({ stream, lastSeq: count }),
      });
    },
  };
}

const layout = findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'));
let count = 0;

/** A host with its own directory and parent cgroup. */
export class RunRig {
  readonly directory = mkdtempSync(join(tmpdir(), 'sandtrail-run-'));
  readonly parent: string;
  readonly socketPath = join(this.directory, 'control.sock');
  readonly counters = createCounters();
  readonly observed: { readonly uid: string; readonly observation: Observation }[] = [];
  readonly #keys = generateKeyPairSync('ed25519');
  readonly #names: string[] = [];
  #server: ControlServer | undefined;
  #sandboxes: RegisteredSandboxes | undefined;
  containment: Containment | undefined;

  constructor() {
    count += 1;
    this.parent = `sandtrail-run-${process.pid}-${count}`;
    mkdirSync(this.directory, { recursive: true });
  }

  /** The registry of the daemon, while one runs. */
  get sandboxes(): RegisteredSandboxes {
    if (this.#sandboxes === undefined) throw new Error('no daemon runs');
    return this.#sandboxes;
  }

  /** Remembers a sandbox that another process starts, for the tidying up at the end. */
  know(uid: string): void {
    this.#names.push(uid);
  }

  async startHost({ orphanGraceMs = 200 } = {}): Promise<void> {
    const driver = createCgroupDriver({ clock: systemClock });
    const observe = ({ uid }: { readonly uid: string }, observation: Observation) => {
      this.observed.push({ uid, observation });
    };
    const sandboxes = new RegisteredSandboxes({
      driverOf: () => driver,
      watchers: {
        watch: () => Promise.resolve([{ name: 'none', on: false, detail: 'a test' }]),
        unwatch: () => Promise.resolve([]),
        observe,
      },
      cgroupParent: join(layout?.unified ?? '', this.parent),
      clock: systemClock,
      counters: this.counters,
      orphanGraceMs,
      clearAway: async (uid) => {
        const runsDirectory = join(this.directory, 'runs');
        if (layout !== undefined)
          await clearRemains({ layout, parent: this.parent, runsDirectory, uid });
      },
    });
    const containment = new Containment({
      driverOf: () => driver,
      clock: systemClock,
      counters: this.counters,
      observer: { moves: ({ uid }, level) => sandboxes.tellLevel(uid, level), observe },
      checksMs: { second: 100, third: 200 },
    });
    sandboxes.attach(containment);
    this.#sandboxes = sandboxes;
    this.containment = containment;
    const keys = new Map([['test', this.#keys.publicKey]]);
    this.#server = await startControlServer({
      socketPath: this.socketPath,
      responderUid: undefined,
      sandboxes,
      containment,
      watchContainer: () =>
        Promise.reject(new SandtrailError('DOCKER_UNAVAILABLE', { detail: 'none here' })),
      admission: createRequestAdmission({ keys, clock: systemClock }),
      counters: this.counters,
      logger: silentLogger,
    });
  }

  /** Ends the daemon as if it had died: runners find the connection gone. */
  async stopHost(): Promise<void> {
    this.#sandboxes?.stop();
    await this.containment?.stop();
    await this.#server?.close();
    this.#server = undefined;
  }

  /** Options of a run, and the ends of its streams that a user would hold. */
  run(command: readonly string[], overrides: Partial<RunOptions> = {}) {
    const uid = SandboxUid.parse(`run-${randomBytes(6).toString('hex')}`);
    this.#names.push(uid);
    const recorder = memoryRecorder(uid);
    const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const options: RunOptions = {
      ...{ uid, incarnation: 0, name: 'test', node: 'node', command, recorder, io },
      policy: testPolicy(),
      workspaceRoot: join(this.directory, uid, 'workspace'),
      runDirectory: join(this.directory, 'runs', uid),
      cgroupParent: this.parent,
      controlSocket: this.#server === undefined ? undefined : this.socketPath,
      eventSocket: undefined,
      allowWeaker: false,
      environment: {},
      prefix: [],
      sensors: [],
      signals: { on: () => undefined, off: () => undefined },
      scanner: createScanner({ fingerprintKey: randomBytes(32) }),
      clock: systemClock,
      counters: createCounters(),
      logger: silentLogger,
      ...overrides,
    };
    return { uid, recorder, io, options };
  }

  /** A request that this rig's daemon accepts, signed. */
  signed(
    request: Pick<ContainmentRequest, 'sandbox' | 'level'> & Partial<ContainmentRequest>,
  ): SignedRequest {
    const now = systemClock.nowNs();
    const full = {
      v: 1,
      id: randomBytes(32).toString('hex'),
      act: 'contain',
      incarnation: 0,
      incident: 'incident',
      reason: 'a test',
      requester: { type: 'detector', name: 'tester' },
      requestedAtNs: now,
      expiresAtNs: now + 60_000_000_000n,
      nonce: randomBytes(16).toString('hex'),
      ...request,
    };
    const text = JSON.stringify(full, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    const signature = sign(null, Buffer.from(text), this.#keys.privateKey).toString('base64');
    return { request: text, keyId: 'test', signature };
  }

  async close(): Promise<void> {
    await this.stopHost();
    if (layout !== undefined) {
      const places = this.#names.map((name) => ({ layout, parent: this.parent, name }));
      for (const place of places) await killAndRemove(cgroupDirectories(place));
      await removeCgroups(cgroupDirectories({ layout, parent: this.parent, name: '.' }));
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function killAndRemove(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    const kill = join(directory, 'cgroup.kill');
    if (existsSync(kill)) writeFileSync(kill, '1');
  }
  await removeCgroups(directories);
}
