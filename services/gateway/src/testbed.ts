// A gateway over a real log in a directory of its own, and a client of it: for tests and benches.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogReader, Place } from '@sandtrail/bus/bus';
import {
  type EmbeddedBus,
  type EmbeddedBusLimits,
  openEmbeddedBus,
} from '@sandtrail/bus/embedded-bus';
import { KitConfig } from '@sandtrail/kit/config';
import { createKit } from '@sandtrail/kit/kit';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { type Counters, createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { decodeFrame } from '@sandtrail/schemas/frame';
import { encodeRecordBatch, recordBatchType } from '@sandtrail/schemas/record-batch';
import { createScanner } from '@sandtrail/secrets/scanner';
import * as z from 'zod';
import { GatewayConfig } from './config.ts';
import { enrol } from './enrolment.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { kitSenders } from './kit-senders.ts';

/** Where the log and the gateway live. */
export interface TestbedOptions {
  readonly config?: Partial<z.input<typeof GatewayConfig>>;
  readonly busLimits?: Partial<EmbeddedBusLimits>;
  /** An existing directory, to start a second time on the same state. */
  readonly dir?: string;
}

/** The running parts. */
export interface Testbed {
  readonly dir: string;
  readonly bus: EmbeddedBus;
  readonly gateway: Gateway;
  readonly counters: Counters;
  /** Enrols a grant and returns its token. */
  enrol(grant: string): string;
  /** Stops both; the directory stays. */
  stop(): Promise<void>;
  /** Stops both and removes the directory. */
  remove(): Promise<void>;
}

/** Starts a log and a gateway. */
export async function openTestbed(options: TestbedOptions = {}): Promise<Testbed> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'sandtrail-gw-')));
  const counters = createCounters();
  const log = silentLogger;
  const parts = { clock: systemClock, random: systemRandom, counters };
  const limits = options.busLimits ?? {};
  const bus = await openEmbeddedBus({ dir: join(dir, 'bus'), log: 'testbed', limits, ...parts });
  const enrolmentPath = join(dir, 'enrolment.json');
  const config = GatewayConfig.parse({
    node: 'node-1',
    stateDir: join(dir, 'gateway'),
    enrolmentPath,
    socketPath: join(dir, 'run', 'gateway.sock'),
    sandboxesDir: join(dir, 'run', 's'),
    ...options.config,
  });
  const scanner = createScanner({ fingerprintKey: systemRandom(32) });
  const kitConfig = KitConfig.parse({ heartbeatMs: 400, closeMs: 500 });
  const kit = { dir: join(dir, 'kit'), collector: 'sender', node: 'node-1', scanner };
  const createSenders = kitSenders((shipper) =>
    createKit({ ...kit, ...parts, log, shipper, config: kitConfig }),
  );
  const gateway = await startGateway({ config, bus, ...parts, log, createSenders });
  const stop = async () => {
    await gateway.close();
    await bus.close();
  };
  return {
    ...{ dir, bus, gateway, counters, stop },
    enrol(grant) {
      const token = enrol({ path: enrolmentPath, grant, tenant: 'acme', random: systemRandom });
      gateway.reloadEnrolment();
      return token;
    },
    async remove() {
      await stop();
      await rm(dir, { recursive: true });
    },
  };
}

const Fields = z.record(z.string(), z.unknown());

/** A record of the log, taken apart. */
export interface ReadRecord {
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly bodyText: string;
}

/** Every record of a place. */
export async function readAll(log: LogReader, place: Place): Promise<readonly ReadRecord[]> {
  const bounds = { recordsMax: 1_000_000, sizeBytesMax: 1 << 30 };
  const records = await log.read(place, { from: 0n, ...bounds });
  return records.map(({ value }) => {
    const frame = decodeFrame(value);
    if (typeof frame === 'string') throw new Error(frame);
    const bodyText = Buffer.from(frame.body).toString();
    const header = Fields.parse(JSON.parse(Buffer.from(frame.header).toString()));
    return { header, body: Fields.parse(JSON.parse(bodyText)), bodyText };
  });
}

/** An HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly json: Readonly<Record<string, unknown>>;
}

/** A client on one HTTP/2 connection over a Unix socket. */
export interface TestClient {
  readonly session: ClientHttp2Session;
  /** Posts bodies (texts or bytes) as one batch. */
  records(bodies: readonly (string | Buffer)[]): Promise<Answer>;
  request(request: {
    readonly method: string;
    readonly path: string;
    readonly type?: string;
    readonly body?: Buffer;
  }): Promise<Answer>;
  close(): void;
}

/** Connects to a gateway's socket. */
export function connectClient(socketPath: string, token: string): TestClient {
  const session = connect('http://gateway', {
    createConnection: () => connectSocket(socketPath),
    settings: { initialWindowSize: 1 << 20 },
  });
  session.on('error', () => session.destroy());
  const request: TestClient['request'] = async ({ method, path, type, body }) => {
    const stream = session.request({
      ':method': method,
      ':path': path,
      authorization: `Bearer ${token}`,
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(body === undefined ? {} : { 'content-length': `${body.length}` }),
    });
    stream.end(body);
    const [headers] = await once(stream, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk));
    const text = Buffer.concat(chunks).toString();
    return {
      status: Number(headers[':status']),
      retryAfter: headers['retry-after'],
      json: text === '' ? {} : Fields.parse(JSON.parse(text)),
    };
  };
  return {
    session,
    request,
    records(bodies) {
      const erasable = Buffer.alloc(0);
      const batch = bodies.map((body) => ({ body: Buffer.from(body), erasable }));
      const body = encodeRecordBatch(batch);
      return request({ method: 'POST', path: '/v1/records', type: recordBatchType, body });
    },
    close: () => session.close(),
  };
}

/** The JSON of a body that fits the contract; `fields` go in last. */
export function execBody(
  seq: number,
  fields: {
    readonly stream?: string;
    readonly observedAtNs?: string;
    readonly argv?: string[];
  } = {},
): string {
  return JSON.stringify({
    kind: 'process.exec',
    v: 1,
    stream: 'ebpf:node-1:3:sbx-alpha01:0',
    seq: `${seq}`,
    observedAtNs: `${systemClock.nowNs()}`,
    process: { pid: 4242, startNs: '1790000000000000000', ppid: 4000, uid: 1000, comm: 'python3' },
    exe: { raw: '/usr/bin/python3', resolved: '/usr/bin/python3.11' },
    argv: [
      'python3',
      '-m',
      'pytest',
      '--quiet',
      '--maxfail=1',
      'tests/unit/test_parser.py',
      '--junitxml',
      'build/reports/unit.xml',
      '-k',
      'parses and not slow',
    ],
    cwd: '/workspace/project',
    ...fields,
  });
}
