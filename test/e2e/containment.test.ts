// Containment on the whole product: by a person, by a watchdog, and what nobody may do.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCommand } from '../world/command.ts';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { awaitRecord, recordsOf } from '../world/seen.ts';
import { sqlRows } from '../world/sql-rows.ts';
import { until } from '../world/until.ts';
import { policyOf, runWorkload, startWorkload, type Workload } from '../world/workload.ts';

let product: TestProduct;
beforeAll(async () => {
  product = await startTestProduct();
});
afterAll(async () => {
  expect(await product.close()).toEqual([]);
});

/** Writes a line to its workspace some fifty times a second, for ever. */
const busy: Workload = { script: 'while :; do echo tick >> ticks; sleep 0.02; done' };

function ticksOf(workspace: string): number {
  const file = path.join(workspace, 'ticks');
  return existsSync(file) ? readFileSync(file).length : 0;
}

async function startBusy(workload: Workload = busy) {
  const running = startWorkload(product, workload);
  await until(() => ticksOf(running.workspace) > 0, { what: 'the sandbox works' });
  return running;
}

async function expectStill(workspace: string): Promise<void> {
  const before = ticksOf(workspace);
  await delay(150);
  expect(ticksOf(workspace)).toBe(before);
}

function isFrozen(cgroup: string): boolean {
  return readFileSync(path.join(cgroup, 'cgroup.events'), 'utf8').includes('frozen 1');
}

async function cgroupOf(uid: string): Promise<string> {
  const { body } = await awaitRecord(product, uid, 'sandbox.created');
  if (body.cgroup === undefined) throw new Error('the sandbox has no cgroup');
  return body.cgroup.path;
}

const asActor = (actor: string) => ({ actor });

test('a person freezes a sandbox, may not release it, and another person may', async () => {
  const { uid, workspace, signals, ended } = await startBusy();
  const frozen = await product.command(['quarantine', uid, '--json'], asActor('anna'));
  expect(frozen).toMatchObject({ exit: 0 });
  const report = JSON.parse(frozen.stdout);
  expect(report).toMatchObject({ state: 'verified', level: 'L2', requester: { name: 'anna' } });
  expect(report.results.at(-1).proof).toMatchObject({ escaped: 0, cpuDeltaUs: 0 });
  await expectStill(workspace);

  const own = await product.command(['release', uid, '--json'], asActor('anna'));
  expect(JSON.parse(own.stderr)).toMatchObject({ error: { code: 'CONTAIN_SELF_RELEASE' } });
  expect(own.exit).toBe(77);
  await expectStill(workspace);

  const released = await product.command(['release', uid, '--json'], asActor('maria'));
  expect(JSON.parse(released.stdout)).toMatchObject({ state: 'released' });
  const before = ticksOf(workspace);
  await until(() => ticksOf(workspace) > before, { what: 'the sandbox goes on' });
  await awaitRecord(product, uid, 'containment.released');
  const refused = recordsOf(product, uid, 'containment.refused');
  expect(refused.map(({ by }) => by)).toEqual(['anna']);

  signals.emit('SIGTERM');
  expect(await ended).toMatchObject({ exitCode: 143 });
});

test('a person kills a sandbox and sees that nothing of it is alive', async () => {
  const { uid, ended } = await startBusy();
  const killed = await product.command(['quarantine', uid, '--level', 'L5', '--json']);
  const report = JSON.parse(killed.stdout);
  expect({ exit: killed.exit, state: report.state }).toEqual({ exit: 0, state: 'verified' });
  expect(report.results.at(-1).proof).toMatchObject({ alive: 0, escaped: 0 });
  expect(await ended).toMatchObject({ exitCode: 137, reason: 'contained', level: 'L5' });
  const again = await product.command(['release', uid, '--json'], asActor('maria'));
  expect(JSON.parse(again.stderr)).toMatchObject({ error: { code: 'CONTAIN_NOT_CONTAINED' } });
});

test('a sandbox that nobody knows is named as such', async () => {
  const { exit, stdout, stderr } = await product.command(['quarantine', 'no-such', '--json']);
  expect(exit).not.toBe(0);
  expect(`${stdout}${stderr}`).toMatch(/CONTAIN_UNKNOWN_SANDBOX|no-such/);
});

test('what needs a person waits for one; approved, the sandbox has no way out any more', async () => {
  const script = [
    'curl -s -m 2 -o /dev/null http://drop.example.net/x',
    'while :; do curl -s -m 1 -o /dev/null -w "%{http_code} " http://drop.example.net/y; sleep 0.1; done',
  ];
  const { uid, output, signals, ended } = startWorkload(product, { script: script.join('\n') });
  await awaitRecord(product, uid, 'containment.requested');
  const list = JSON.parse((await product.command(['approve', '--json'])).stdout);
  const waiting = list.waiting.find((each: { sandbox: string }) => each.sandbox === uid);
  expect(waiting).toMatchObject({ level: 'L1', state: 'waiting', requester: { type: 'detector' } });
  await until(() => output().includes('403'), { what: 'the proxy still answers' });
  const words = ['approve', waiting.requestId, '--reason', 'seen it', '--json'];
  const approved = await product.command(words, asActor('maria'));
  expect(JSON.parse(approved.stdout)).toMatchObject({ state: 'verified', approvedBy: 'maria' });
  const { body } = await awaitRecord(product, uid, 'containment.verified');
  expect(body.result).toMatchObject({ level: 'L1', proof: { openFlows: 0 } });
  await awaitRecord(product, uid, 'network.denied', {
    fits: ({ reason }) => reason === 'contained',
  });
  const again = await product.command(words, asActor('maria'));
  expect(JSON.parse(again.stderr)).toMatchObject({ error: { code: 'CONTAIN_NOT_WAITING' } });
  signals.emit('SIGTERM');
  await ended;
});

test('a runner that is killed leaves a frozen sandbox within a second', async () => {
  const policy = path.join(product.folder, 'policy.json');
  writeFileSync(policy, JSON.stringify(policyOf()));
  const words = ['run', '--policy', policy, '--name', 'orphan', '--', 'sh', '-c', busy.script];
  const runner = startCommand(product.words(words), { stdin: '' });
  const seen = await product.feed.find(
    ({ body }) => body.kind === 'sandbox.created' && body.name === 'orphan',
    15_000,
  );
  const uid = SandboxUid.parse(seen?.sandbox);
  const workspace = path.join(product.layout.workspaces, uid);
  await until(() => ticksOf(workspace) > 0, { what: 'the sandbox works' });
  const cgroup = await cgroupOf(uid);
  const beganMs = performance.now();
  runner.child.kill('SIGKILL');
  await until(() => isFrozen(cgroup), { what: 'it is frozen', withinMs: 1000, everyMs: 2 });
  console.log(
    `a killed runner’s sandbox froze after ${(performance.now() - beganMs).toFixed(0)} ms`,
  );
  await expectStill(workspace);
  const { body } = await awaitRecord(product, uid, 'sandbox.paused');
  expect(body.by).toBe('host');
  const killed = await product.command(['quarantine', uid, '--level', 'L5', '--json']);
  expect(JSON.parse(killed.stdout)).toMatchObject({ state: 'verified' });
  await until(() => !existsSync(cgroup), { what: 'its cgroup is gone' });
});

test('while the host daemon is dead its sandboxes stand still, and go on when it is back', async () => {
  const waiting = await startBusy();
  const going = await startBusy({ ...busy, policy: policyOf({ on_recorder_loss: 'continue' }) });
  const cgroup = await cgroupOf(waiting.uid);
  const host = await product.part('host');
  const beganMs = performance.now();
  process.kill(host.pid, 'SIGKILL');
  await until(() => isFrozen(cgroup), { what: 'it is frozen', withinMs: 1000, everyMs: 2 });
  console.log(
    `a killed daemon’s sandbox froze after ${(performance.now() - beganMs).toFixed(0)} ms`,
  );
  const before = ticksOf(going.workspace);
  await until(() => ticksOf(going.workspace) > before, { what: 'the other goes on' });
  await until(() => !isFrozen(cgroup), { what: 'it goes on', withinMs: 20_000 });
  expect((await product.part('host')).pid).not.toBe(host.pid);
  await awaitRecord(product, waiting.uid, 'sandbox.paused');
  await awaitRecord(product, waiting.uid, 'sandbox.resumed');
  // Watched again: what it does now is seen by the new daemon's sensor.
  const opened = recordsOf(product, waiting.uid, 'process.exec').length;
  await until(() => recordsOf(product, waiting.uid, 'process.exec').length > opened, {
    what: 'it is watched again',
  });
  for (const { signals, ended } of [waiting, going]) {
    signals.emit('SIGTERM');
    expect(await ended).toMatchObject({ exitCode: 143 });
  }
});

test('a run that ends while the core is dead is recorded to its end', async () => {
  const { uid, workspace, signals, ended } = await startBusy();
  const core = await product.part('core');
  process.kill(core.pid, 'SIGKILL');
  const before = ticksOf(workspace);
  await until(() => ticksOf(workspace) > before, { what: 'it works on without a core' });
  signals.emit('SIGTERM');
  expect(await ended).toMatchObject({ exitCode: 143, reason: 'exited' });
  const sql = `SELECT count() AS n FROM sealed WHERE sandbox = '${uid}' AND kind = 'sandbox.destroyed'
    HAVING n > 0`;
  await until(async () => (await sqlRows(product, sql).catch(notYet)).length > 0, {
    what: 'its end is stored',
    withinMs: 20_000,
    everyMs: 200,
  });
});

/** A core that is being started again answers nobody yet. */
function notYet(error: unknown): readonly never[] {
  if (error instanceof SandtrailError) return [];
  throw error;
}

/** Says three things over the sandbox's own socket: one that it may, and two that it may not. */
const liar = `import json, os, socket
door = socket.socket(socket.AF_UNIX)
door.connect(os.environ['SANDTRAIL_SOCKET'])
call = {'kind': 'tool.call', 'tool': 'shell', 'callId': 'c1', 'input': 'ls'}
said = [call, {'kind': 'process.exec', 'argv': ['true']}, dict(call, sandbox='another-sandbox')]
for n, line in enumerate(said):
    door.sendall((json.dumps(dict(line, n=n)) + '\\n').encode())
answers = door.makefile()
for _ in said:
    print(answers.readline().strip())
`;

test('a claim outside the grant is refused and found; a tool call counts as what the sandbox says', async () => {
  const { uid, output } = await runWorkload(product, {
    files: { 'liar.py': liar },
    script: 'python3 liar.py',
  });
  const answers = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(answers).toMatchObject([
    { n: 0, ok: true },
    { n: 1, error: { code: 'KIND_NOT_GRANTED' } },
    { n: 2, error: { code: 'CLAIM_OUTSIDE_GRANT' } },
  ]);
  const { body } = await awaitRecord(product, uid, 'finding', {
    fits: ({ finding }) => finding.title.startsWith('Another sandbox'),
  });
  expect(body.finding).toMatchObject({ detector: 'identity-claim', severity: 'high' });
  await awaitRecord(product, uid, 'tool.call');
  const lines = await until(
    async () => {
      const words = ['query', '--sandbox', uid, '--kind', 'tool.call', '--json'];
      return (await product.command(words)).stdout || undefined;
    },
    { what: 'the tool call is stored', everyMs: 200 },
  );
  expect(JSON.parse(lines)).toMatchObject({ kind: 'tool.call', trust: 'sandbox', sandbox: uid });
});

test('the record of all that verifies, whatever was killed', async () => {
  const { exit, report } = await product.verify();
  // What a killed process recorded last is not attested, and may have been sent twice.
  const honest = ['unattested_tail', 'retransmission'];
  expect(report.findings.filter(({ code }) => !honest.includes(code))).toEqual([]);
  expect({ exit, verdict: report.verdict }).toEqual({ exit: 0, verdict: 'verified' });
});
