// A responder over a real embedded log, with a scheduler whose conduct the test decides.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedBus } from '@sandtrail/bus/embedded-bus';
import { verifyContainment } from '@sandtrail/chain/containment-signature';
import { type Clock, systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { ContainmentRequest, type ContainmentResult } from '@sandtrail/schemas/containment';
import { Finding } from '@sandtrail/schemas/finding';
import { encodeFrame } from '@sandtrail/schemas/frame';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { topicOf } from '@sandtrail/schemas/topics';
import * as z from 'zod';
import type { ContainmentObservation, RecordContainment } from './containment-record.ts';
import { type Responder, type ResponderOptions, startResponder } from './responder.ts';
import type { Scheduler } from './scheduler.ts';

/** What the scheduler of a test does with a request whose signature it has checked. */
export type Conduct = (request: ContainmentRequest) => AsyncIterable<ContainmentResult>;

interface RigOptions {
  readonly conduct?: Conduct;
  readonly limits?: ResponderOptions['limits'];
  readonly responsesOf?: ResponderOptions['responsesOf'];
}

/** The sandbox that findings and requests of the rig are about. */
export const sandbox = SandboxUid.parse('sandbox-1');

/** A log, a key and a scheduler that live through several runs of the responder. */
export class ResponderRig {
  readonly counters = createCounters();
  /** Every observation that was recorded, in order, over all runs. */
  readonly recorded: ContainmentObservation[] = [];
  /** Every request that reached the scheduler. */
  readonly sent: ContainmentRequest[] = [];
  readonly privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #options: RigOptions;
  readonly #dir = mkdtempSync(join(tmpdir(), 'sandtrail-responder-'));
  readonly #runs: Responder[] = [];
  /** Moves the clock ahead of the machine's. */
  aheadMs = 0;
  conduct: Conduct;
  /** Set to make the log refuse what is recorded. */
  refuseRecords = false;
  readonly #bus;

  constructor(options: RigOptions = {}) {
    this.#options = options;
    this.conduct = options.conduct ?? obedient;
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    this.privateKey = privateKey;
    this.#publicKey = publicKey;
    this.#bus = openEmbeddedBus({
      dir: this.#dir,
      log: 'test',
      clock: systemClock,
      random: systemRandom,
      counters: createCounters(),
    });
  }

  get clock(): Clock {
    return {
      nowNs: () => systemClock.nowNs() + BigInt(this.aheadMs) * 1_000_000n,
      monotonicMs: () => systemClock.monotonicMs() + this.aheadMs,
    };
  }

  /** The kinds that were recorded, without their common prefix. */
  get kinds(): readonly string[] {
    return this.recorded.map(({ kind }) => kind.replace('containment.', ''));
  }

  async start(): Promise<Responder> {
    const responder = await startResponder({
      scheduler: this.scheduler,
      reader: await this.#bus,
      record: this.record,
      responsesOf:
        this.#options.responsesOf ?? (() => ({ automatic: true, automatic_level_max: 'L2' })),
      privateKey: this.privateKey,
      clock: this.clock,
      random: systemRandom,
      counters: this.counters,
      log: silentLogger,
      ...(this.#options.limits === undefined ? {} : { limits: this.#options.limits }),
    });
    this.#runs.push(responder);
    return responder;
  }

  /** Puts a finding into the log, as the detector would. */
  async publish(finding: Finding): Promise<void> {
    await this.append('finding', { finding: z.encode(Finding, finding) });
  }

  readonly record: RecordContainment = async (observation) => {
    if (this.refuseRecords) throw new Error('the log refuses');
    this.recorded.push(observation);
    const { kind, ...fields } = observation;
    await this.append(kind, fields);
  };

  async append(kind: string, fields: object): Promise<void> {
    const now = `${this.clock.nowNs()}`;
    const header = { tenant: 't', sandbox, incarnation: 0, trust: 'host', credential: 'test' };
    const times = { receivedAtNs: now, timeNs: now, admission: 'live' };
    const stream = `responder:test:0:${sandbox}:0`;
    const body = { kind, v: 1, stream, seq: '0', observedAtNs: now, ...fields };
    const frame = encodeFrame({
      header: Buffer.from(JSON.stringify({ ...header, ...times })),
      body: Buffer.from(JSON.stringify(body)),
      erasable: Buffer.alloc(0),
    });
    const bus = await this.#bus;
    await bus.append({ topic: topicOf(kind), partition: 0 }, [frame]);
  }

  readonly scheduler: Scheduler = {
    contain: (signed) => {
      if (!verifyContainment(signed, this.#publicKey)) throw new Error('CONTAIN_BAD_SIGNATURE');
      const request = ContainmentRequest.parse(JSON.parse(signed.request));
      this.sent.push(request);
      return this.conduct(request);
    },
  };

  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of this.#runs) await run.close();
    await (await this.#bus).close();
    rmSync(this.#dir, { recursive: true });
  }
}

const still = {
  visited: 3,
  frozen: 3,
  alive: 3,
  escaped: 0,
  truncated: false,
  cpuDeltaUs: 0,
  openFlows: 0,
};
const dead = { ...still, visited: 0, frozen: 0, alive: 0 };

/** A result about a request. */
export function resultOf(
  request: ContainmentRequest,
  rest: Pick<ContainmentResult, 'state' | 'check'> & Partial<ContainmentResult>,
): ContainmentResult {
  const { id: requestId, level, incarnation } = request;
  const common = { v: 1, requestId, sandbox: request.sandbox, incarnation, level } as const;
  return { ...common, driver: 'test', evidenceLost: [], latencyUs: 1, ...rest };
}

/** A scheduler that does and proves what it is asked. */
export const obedient: Conduct = async function* obey(request) {
  if (request.act === 'release') {
    yield resultOf(request, { state: 'released', check: 'at_once' });
    return;
  }
  const proof = request.level === 'L5' ? dead : still;
  yield resultOf(request, { state: 'applied', check: 'at_once' });
  for (const check of ['at_once', 'after_1s', 'after_10s'] as const)
    yield resultOf(request, { state: 'verified', check, proof });
};

/** A finding that may be acted on at once, with parts replaced. */
export function findingWith(rig: ResponderRig, parts: Partial<Finding> = {}): Finding {
  const wire = {
    v: 1,
    id: 'a'.repeat(64),
    detector: 'escape-primitive',
    bundle: 'b'.repeat(64),
    tenant: 't',
    sandbox,
    incarnation: 0,
    timeNs: `${rig.clock.nowNs()}`,
    title: 'docker socket',
    explanation: 'The agent connected to the Docker socket once.',
    severity: 'critical',
    confidence: 'high',
    techniques: [],
    dedupeKey: 'socket',
    evidence: [
      { stream: `ebpf:n:0:${sandbox}:0`, seq: '1', bodyHash: 'c'.repeat(64), trust: 'kernel' },
    ],
    witnessed: true,
    recommend: { act: 'contain', level: 'L2' },
  };
  return { ...Finding.parse(wire), ...parts };
}
