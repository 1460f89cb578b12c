// The record as a third party meets it: whole, forged, exported, judged again, and without secrets.
import { copyFileSync, cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { streamAdmin } from '@sandtrail/local/admin-client';
import { githubTokenTail } from '@sandtrail/local/tour/bait';
import { tourPolicy } from '@sandtrail/local/tour/policy';
import { attacks } from '@sandtrail/local/tour/scenarios';
import { systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { VerifyReport } from '@sandtrail/schemas/seal';
import { httpStatements } from '@sandtrail/store/connection-http';
import { openStore } from '@sandtrail/store/open-store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../world/command.ts';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { until } from '../world/until.ts';
import { runWorkload } from '../world/workload.ts';
import { secretProgram } from './secret-program.ts';

let product: TestProduct;
/** What must appear nowhere: the secret and its other forms. */
let forms: readonly string[] = [];
let findings = '';
let events = '';

beforeAll(async () => {
  product = await startTestProduct();
  const policy = tourPolicy({ port: 9, isolation: 'bubblewrap' });
  const quick = attacks.filter(({ name }) => name !== 'compiled-main');
  await Promise.all(
    quick.map(({ name, files, script }) => {
      const tail = githubTokenTail(systemRandom);
      return runWorkload(product, {
        name,
        files,
        policy,
        script: script.replace('{{githubToken}}', tail),
      });
    }),
  );
  const leaky = await runWorkload(product, {
    files: { 'leak.py': secretProgram },
    script: 'python3 leak.py',
  });
  const [token = '', , encoded = ''] = leaky.output.split('\n');
  forms = [token, token.slice(4), token.slice(4).toLowerCase(), encoded];
  await atRest();
});

afterAll(async () => {
  expect(await product.close()).toEqual([]);
});

/** The lines that `query --json` prints, asked for without the cost of a process. */
async function linesOf(input: Readonly<Record<string, string>>): Promise<string> {
  const { adminSocket: socket } = product.layout;
  const path = '/v1/events';
  let lines = '';
  const asked = { ...input, limit: '1000000' };
  for await (const line of streamAdmin({ socket, method: 'GET', path, input: asked }))
    lines += `${line}\n`;
  return lines;
}

/** Resolves when all that was recorded about sandboxes is stored and judged. */
async function atRest(): Promise<void> {
  await until(
    async () => {
      const before = findings;
      findings = await linesOf({ kind: 'finding' });
      return findings === before && findings !== '';
    },
    { what: 'the record is at rest', everyMs: 1_000, withinMs: 30_000 },
  );
  events = await linesOf({});
}

function expectWithoutSecret(text: string, where: string): void {
  for (const form of forms) {
    expect(form.length).toBeGreaterThan(30);
    expect(text.includes(form), `${where} holds a secret`).toBe(false);
  }
}

/** Every file of the data directory; workspaces aside, which are their users' own. */
function storedFiles(): readonly string[] {
  const { root, workspaces } = product.layout;
  return readdirSync(root)
    .map((name) => path.join(root, name))
    .filter((name) => name !== workspaces)
    .flatMap((name) => (statSync(name).isDirectory() ? filesBelow(name) : [name]));
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

test('the secret was seen, masked, in each place where it was let out', () => {
  expectWithoutSecret(events, 'an event');
  const masked = events.split('\n').filter((line) => line.includes('"rule":"github-token"'));
  const kinds = new Set(masked.map((line) => String(JSON.parse(line).kind)));
  for (const kind of ['command.output', 'process.exec', 'file.open', 'network.denied', 'tool.call'])
    expect([...kinds]).toContain(kind);
});

test('the detectors, given the stored events as a file, say byte for byte what was said live', async () => {
  const file = path.join(product.folder, 'events.ndjson');
  writeFileSync(file, events);
  const { exit, stdout, stderr } = await runCommand(['detect', '--events', file, '--json']);
  expect({ exit, stderr }).toEqual({ exit: 1, stderr: '' });
  const live = findings
    .trimEnd()
    .split('\n')
    .map((line) => JSON.stringify(JSON.parse(line).finding));
  expect(live.length).toBeGreaterThan(8);
  expect(stdout.trimEnd().split('\n').toSorted()).toEqual(live.toSorted());
});

test('who searches for a secret does not write it into the record', async () => {
  const [token = ''] = forms;
  await product.command(['query', '--text', token]);
  await product.command(['query', '--sql', `SELECT count() FROM nothing WHERE kind = '${token}'`]);
  const asked = await product.command(['quarantine', 'nobody', '--reason', `it printed ${token}`]);
  expect(asked.exit).not.toBe(0);
  const isSealed = async () => {
    await atRest();
    return events.includes('"act":"sql"');
  };
  await until(isSealed, { what: 'who asked is in the record', withinMs: 30_000 });
  expectWithoutSecret(events, 'an event');
});

test('verify answers 0 with a head from outside, and 2 without one, saying why', async () => {
  expect(await product.verify()).toMatchObject({
    exit: 0,
    report: { verdict: 'verified', findings: [] },
  });
  const alone = await product.verify({ withHead: false });
  expect(alone).toMatchObject({ exit: 2, report: { verdict: 'unanchored' } });
  expect(alone.report.findings.map(({ code }) => code)).toContain('unanchored');
  const { stdout } = await product.command(['verify']);
  expect(stdout).toMatch(/UNANCHORED/);
});

test('verify --url reads the same engine over HTTP, and gives the same verdict', async () => {
  // There is no ClickHouse server here: chDB's own HTTP interface, carried from its socket to a port.
  const socket = path.join(product.layout.runSigner, 'read.sock');
  const front = createServer((client) => {
    const engine = connect(socket);
    client.on('error', () => engine.destroy());
    engine.on('error', () => client.destroy());
    client.pipe(engine).pipe(client);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const address = front.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const { trustFile, headFile: head } = product.layout;
  const words = ['verify', '--url', `http://127.0.0.1:${port}`, '--trust', trustFile];
  const { exit, stdout } = await runCommand([...words, '--head', head, '--json']);
  front.close();
  expect({ exit, verdict: JSON.parse(stdout).verdict }).toEqual({ exit: 0, verdict: 'verified' });
  expect((await runCommand(['verify', '--url', 'ftp://x', '--json'])).exit).toBe(64);
});

const headFile = () => path.join(product.folder, 'kept-heads.json');

async function verifyBundle(bundle: string) {
  const { trustFile } = product.layout;
  const words = [
    'verify',
    '--bundle',
    bundle,
    '--trust',
    trustFile,
    '--head',
    headFile(),
    '--json',
  ];
  const { exit, stdout, stderr } = await runCommand([...words, '--data', '/nonexistent']);
  if (stdout === '') throw new Error(stderr);
  return { exit, report: VerifyReport.parse(JSON.parse(stdout)) };
}

test('an export verifies offline; a changed and a cut one do not', async () => {
  // Heads are kept before an export: of a later one an export could only say that it was cut.
  copyFileSync(product.layout.headFile, headFile());
  const { stdout } = await product.command(['export']);
  const bundle = path.join(product.folder, 'bundle.ndjson');
  writeFileSync(bundle, stdout);
  expectWithoutSecret(stdout, 'the bundle');
  expect(await verifyBundle(bundle)).toMatchObject({ exit: 0, report: { findings: [] } });

  writeFileSync(bundle, stdout.replace('drop.example.net', 'drop.example.com'));
  const changed = await verifyBundle(bundle);
  expect(changed.exit).toBe(1);
  expect(changed.report.findings[0]?.code).toBe('leaf_mismatch');

  const lines = stdout.trimEnd().split('\n');
  writeFileSync(bundle, `${lines.slice(0, -3).join('\n')}\n`);
  const cut = await verifyBundle(bundle);
  expect(cut.exit).not.toBe(0);
  expect(['tampered', 'incomplete']).toContain(cut.report.verdict);
});

test('a stopped product leaves nothing of the secret on the disk', async () => {
  expect((await product.stop()).exit).toBe(0);
  const files = storedFiles();
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) expectWithoutSecret(readFileSync(file, 'latin1'), file);
  expectWithoutSecret(product.log, 'the log');
});

test('the stopped store answers as the running one did', async () => {
  const { stdout } = await product.command([
    'query',
    '--json',
    '--kind',
    'finding',
    '--limit',
    '100000',
  ]);
  expect(stdout).toBe(findings);
  expect(await product.verify()).toMatchObject({ exit: 0, report: { findings: [] } });
});

test('a forged row of a copy is named by chain and position, and the original still verifies', async () => {
  const copy = path.join(product.folder, 'copy');
  const { root, run, workspaces } = product.layout;
  const filter = (name: string) => name !== run && name !== workspaces;
  cpSync(root, copy, { recursive: true, preserveTimestamps: true, filter });
  const { chain, pos } = await forge(path.join(copy, 'store'));
  const words = ['verify', '--json', '--data', copy, '--head', product.layout.headFile];
  const { exit, stdout } = await runCommand(words);
  expect(exit).toBe(1);
  const report = VerifyReport.parse(JSON.parse(stdout));
  expect(report.findings).toMatchObject([{ code: 'leaf_mismatch', chain, position: BigInt(pos) }]);
  expect(await product.verify()).toMatchObject({ exit: 0 });
});

/** Rewrites one letter of one row in a store that nobody serves. */
async function forge(dir: string) {
  const store = await openStore({ dir, logger: silentLogger, counters: createCounters() });
  if (!('socketPath' in store.readTarget)) throw new Error('the store is not chDB');
  const statements = httpStatements({
    target: { socketPath: path.join(path.dirname(store.readTarget.socketPath), 'store.sock') },
    requestsMax: 1,
    requestTimeoutMs: 30_000,
    ready: () => Promise.resolve(),
  });
  try {
    for await (const line of store.queryEvents({
      kind: 'process.exec',
      text: 'backup-notes',
      limit: 1,
    })) {
      const { chain, pos }: { chain: string; pos: string } = JSON.parse(line);
      const sql = `ALTER TABLE sealed UPDATE body = replaceOne(body, 'backup-notes', 'backup-votes')
        WHERE chain = unhex('${chain}') AND pos = ${pos} SETTINGS mutations_sync = 1`;
      await statements.command({ sql });
      return { chain, pos };
    }
    throw new Error('there is no row to forge');
  } finally {
    await statements.close();
    await store.close();
  }
}

test('after a restart the findings are the same, none twice', async () => {
  await product.start();
  await until(
    async () => (await product.command(['query', '--kind', 'finding', '--json'])).exit === 0,
    { what: 'it answers' },
  );
  const { stdout } = await product.command([
    'query',
    '--json',
    '--kind',
    'finding',
    '--limit',
    '100000',
  ]);
  expect(stdout).toBe(findings);
  expect(await product.verify()).toMatchObject({ exit: 0, report: { findings: [] } });
});
