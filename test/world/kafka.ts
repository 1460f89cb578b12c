// A real Apache Kafka broker for a test: KRaft, on free ports, in a folder of its own, ended after.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Certificates, makeCertificates } from './certificates.ts';
import { kafkaClassPath } from './kafka-jars.ts';
import { until } from './until.ts';

/** The user that the broker knows. */
export const kafkaUser = { username: 'sandtrail', password: 'not-a-secret-of-anyone' } as const;

const startMsMax = 60_000;
const stopMsMax = 20_000;
/** Quick to start; a broker that is measured gets a whole compiler. */
const quick = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

interface BrokerOptions {
  /** The port that the `proxied` listener is announced under: a proxy of the test's listens there. */
  readonly proxyPort?: number;
  /** With TLS listeners: `sasl` wants a SCRAM login, `mtls` a client's certificate. */
  readonly withTls?: boolean;
  readonly isMeasured?: boolean;
}

/** Starts a broker; resolves when it serves. */
export async function startBroker(options: BrokerOptions = {}): Promise<TestBroker> {
  const broker = await TestBroker.create(options);
  await broker.start();
  return broker;
}

/** One broker; it may be stopped, killed and started again on the same ports and data. */
export class TestBroker {
  readonly folder: string;
  readonly ports: Ports;
  readonly certificates: Certificates | undefined;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;
  #said = '';

  private constructor(folder: string, ports: Ports, options: BrokerOptions) {
    this.folder = folder;
    this.ports = ports;
    this.certificates = options.withTls === true ? makeCertificates(folder) : undefined;
    this.#flags = ['-Xmx512m', ...(options.isMeasured === true ? [] : quick)];
  }

  static async create(options: BrokerOptions): Promise<TestBroker> {
    const folder = mkdtempSync(path.join(tmpdir(), 'st-kafka-'));
    const broker = new TestBroker(folder, await freePorts(), options);
    writeFileSync(broker.#config, propertiesOf(broker, options));
    const cluster = randomBytes(16).toString('base64url');
    const { username: name, password } = kafkaUser;
    const user = (mechanism: string) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ];
    const words = ['kafka.tools.StorageTool', 'format', '-t', cluster, '-c', broker.#config];
    const users = [...user('SCRAM-SHA-256'), ...user('SCRAM-SHA-512')];
    const java = [...quick, '-cp', kafkaClassPath(), ...words, ...users];
    await promisify(execFile)('java', java, { timeout: startMsMax });
    return broker;
  }

  /** The URL for `--bus`: one copy is all that one broker can hold. */
  get url(): string {
    return `kafka://127.0.0.1:${this.ports.plain}?replication=1`;
  }

  /** The broker's process, for figures. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async start(): Promise<void> {
    const words = [...this.#flags, '-cp', kafkaClassPath(), 'kafka.Kafka', this.#config];
    const child = spawn('java', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.#said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-20_000);
      });
    }
    await until(() => this.#said.includes('Kafka Server started') || child.exitCode !== null, {
      what: 'the broker serves',
      withinMs: startMsMax,
    });
    if (child.exitCode !== null) throw new Error(`the broker ended: ${this.#said}`);
  }

  /** Ends it as an operator does (SIGTERM), or at once. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    await exited;
    clearTimeout(timer);
  }

  /** Ends it and removes what it kept. */
  async close(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #config(): string {
    return path.join(this.folder, 'server.properties');
  }
}

const listeners = ['plain', 'proxied', 'sasl', 'mtls', 'controller'] as const;
type Ports = Readonly<Record<(typeof listeners)[number], number>>;

async function freePorts(): Promise<Ports> {
  const servers = listeners.map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  const [plain = 0, proxied = 0, sasl = 0, mtls = 0, controller = 0] = ports;
  return { plain, proxied, sasl, mtls, controller };
}

function propertiesOf({ folder, ports, certificates }: TestBroker, { proxyPort }: BrokerOptions) {
  const protocols = {
    ...{ plain: 'PLAINTEXT', proxied: 'PLAINTEXT', controller: 'PLAINTEXT' },
    ...(certificates === undefined ? {} : { sasl: 'SASL_SSL', mtls: 'SSL' }),
  };
  const names = listeners.filter((name) => name in protocols);
  const address = (name: (typeof listeners)[number], port = ports[name]) =>
    `${name.toUpperCase()}://127.0.0.1:${port}`;
  const announced = names
    .filter((name) => name !== 'controller')
    .map((name) => address(name, name === 'proxied' ? (proxyPort ?? ports.proxied) : ports[name]));
  const map = Object.entries(protocols).map(
    ([name, protocol]) => `${name.toUpperCase()}:${protocol}`,
  );
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${ports.controller}
controller.listener.names=CONTROLLER
listeners=${names.map((name) => address(name)).join(',')}
advertised.listeners=${announced.join(',')}
listener.security.protocol.map=${map.join(',')}
inter.broker.listener.name=PLAIN
log.dirs=${path.join(folder, 'log')}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
${certificates === undefined ? '' : tlsProperties(certificates)}
`;
}

const login = 'org.apache.kafka.common.security.scram.ScramLoginModule';

function tlsProperties({ ca, server }: Certificates): string {
  return `
ssl.keystore.type=PEM
ssl.keystore.location=${server}
ssl.truststore.type=PEM
ssl.truststore.location=${ca}
listener.name.mtls.ssl.client.auth=required
sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl.scram-sha-256.sasl.jaas.config=${login} required;
listener.name.sasl.scram-sha-512.sasl.jaas.config=${login} required;
`;
}
