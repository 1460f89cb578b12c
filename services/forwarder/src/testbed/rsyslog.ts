// A real rsyslog for tests: receives over TCP or TLS with client certificates, writes what it parsed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import * as z from 'zod';
import type { Certificates } from './certificates.ts';

const Received = z.object({
  pri: z.string(),
  host: z.string(),
  app: z.string(),
  msgid: z.string(),
  data: z.string(),
  msg: z.string(),
});
export type Received = z.infer<typeof Received>;

interface RsyslogOptions {
  /** Its own folder; it writes there. */
  readonly dir: string;
  /** With them it takes TLS alone, and only from `forwarder`. */
  readonly certificates?: Certificates;
  readonly port?: number;
}

/** An rsyslog that runs. */
export interface Rsyslog {
  readonly port: number;
  /** What it received and parsed so far. */
  received(): readonly Received[];
  /** Ends it; `SIGKILL` as a crash does. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const startMsMax = 15_000;

/** Starts it; resolves when it listens. */
export async function startRsyslog(options: RsyslogOptions): Promise<Rsyslog> {
  const port = options.port ?? (await freePort());
  const at = (name: string) => path.join(options.dir, name);
  writeFileSync(at('rsyslog.conf'), configuration({ ...options, port }));
  const words = ['-n', '-f', at('rsyslog.conf'), '-i', at('rsyslog.pid')];
  const child = spawn('/usr/sbin/rsyslogd', words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-8192);
    });
  const beganMs = performance.now();
  while (!(await listens(port))) {
    if (child.exitCode !== null || performance.now() - beganMs > startMsMax)
      throw new Error(`rsyslog did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    port,
    received() {
      if (!existsSync(at('received.ndjson'))) return [];
      const lines = readFileSync(at('received.ndjson'), 'utf8').split('\n').slice(0, -1);
      return lines.map((line) => Received.parse(JSON.parse(line)));
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

function configuration({ dir, certificates, port }: RsyslogOptions & { readonly port: number }) {
  const input = `address="127.0.0.1" port="${port}" ruleset="in"`;
  const received = path.join(dir, 'received.ndjson');
  const property = (name: string, from: string) =>
    `property(outname="${name}" name="${from}" format="jsonf")`;
  const properties = [
    property('pri', 'pri'),
    property('host', 'hostname'),
    property('app', 'app-name'),
    property('msgid', 'msgid'),
    property('data', 'structured-data'),
    property('msg', 'msg'),
  ];
  const tls =
    certificates === undefined
      ? 'module(load="imtcp" MaxSessions="50")'
      : `global(defaultNetstreamDriver="gtls"
  defaultNetstreamDriverCAFile="${certificates.ca}"
  defaultNetstreamDriverCertFile="${certificates.server.cert}"
  defaultNetstreamDriverKeyFile="${certificates.server.key}")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1"
  StreamDriver.Authmode="x509/name" PermittedPeer=["forwarder"])`;
  return `global(workDirectory="${dir}" maxMessageSize="256k")
${tls}
template(name="line" type="list" option.jsonf="on") {
  ${properties.join('\n  ')}
}
ruleset(name="in") {
  action(type="omfile" file="${received}" template="line" asyncWriting="off" flushOnTXEnd="on")
}
input(type="imtcp" ${input})
`;
}

/** A port that was free a moment ago; nobody else asks for it in the meantime on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
