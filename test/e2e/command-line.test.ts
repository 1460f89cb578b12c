// The command line as users and scripts meet it, on a running product: runs, and the doors for machines.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { githubTokenTail } from '@sandtrail/local/tour/bait';
import { systemRandom } from '@sandtrail/runtime/clock';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entry, runCommand, startCommand } from '../world/command.ts';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { until } from '../world/until.ts';
import { policyOf, runWorkload } from '../world/workload.ts';

let product: TestProduct;
let policyFile = '';

beforeAll(async () => {
  product = await startTestProduct();
  policyFile = path.join(product.folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policyOf()));
});
afterAll(async () => {
  expect(await product.close()).toEqual([]);
});

/** The words of `run` with the test's policy. */
function runWords(script: string, ...options: readonly string[]): readonly string[] {
  const own = ['run', '--policy', policyFile, ...options, '--', 'sh', '-c', script];
  return product.words(own);
}

test('a run passes input, output, errors and the exit code through', async () => {
  const script = 'cat; echo to-stderr >&2; exit 7';
  const result = await runCommand(runWords(script), { stdin: 'line one\nü and \u0007 bell\n' });
  expect(result).toMatchObject({ exit: 7, stdout: 'line one\nü and \u0007 bell\n' });
  expect(result.stderr).toContain('to-stderr\n');
  expect(result.stderr).toMatch(/events recorded, 0 lost, 0 findings/);
});

test('bytes that are no text arrive as they were', async () => {
  const script =
    "python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 400)' | sha256sum";
  const plain = await runCommand(runWords(script));
  const piped = await runCommand(
    runWords(`${script.split(' | ')[0]} | cat | od -An -tx1 | tail -1`),
  );
  expect(plain.exit).toBe(0);
  expect(piped.stdout.trim()).toMatch(/fe ff$/);
});

test('a signal to the run reaches the command', async () => {
  const script = 'trap "echo caught; exit 5" TERM; echo ready; while :; do sleep 0.05; done';
  const running = startCommand(runWords(script), { stdin: '' });
  await until(() => running.stdout().includes('ready'), { what: 'the command is ready' });
  running.child.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ exit: 5, stdout: 'ready\ncaught\n' });
});

test('a command that dies of a signal is 128 and its number', async () => {
  expect(await runCommand(runWords('kill -SEGV $$'))).toMatchObject({ exit: 139 });
});

test('--json ends with a summary of what was recorded', async () => {
  const script = 'echo hello; curl -s -m 2 http://drop.example.net/x; true';
  const { exit, stdout } = await runCommand(runWords(script, '--json', '--name', 'summed up'));
  expect(exit).toBe(0);
  const [first, ...rest] = stdout.trimEnd().split('\n');
  expect(first).toBe('hello');
  const report = JSON.parse(rest.at(-1) ?? '');
  expect(report).toMatchObject({
    exitCode: 0,
    reason: 'exited',
    level: 'L0',
    losses: [],
    // A person is asked whether to cut its network: nothing was done yet.
    containment: [{ kind: 'containment.requested', level: 'L1' }],
    findings: [{ detector: 'egress-policy', severity: 'medium' }],
  });
  expect(report.events).toMatchObject({ 'sandbox.created': 1, 'network.denied': 1, finding: 1 });
  expect(report.events['process.exec']).toBeGreaterThanOrEqual(2);
});

test('the policy’s timeout ends a run', async () => {
  const file = path.join(product.folder, 'short.json');
  const resources = { cpu_limit: '1', memory_limit: '128Mi', timeout_seconds: 1 };
  writeFileSync(file, JSON.stringify(policyOf({ resources })));
  const words = ['run', '--policy', file, '--json', '--', 'sleep', '60'];
  const { exit, stdout } = await product.command(words);
  expect(exit).toBe(137);
  expect(JSON.parse(stdout)).toMatchObject({ reason: 'timeout' });
});

/** Sits at a terminal: waits for a word, types an answer, for each pair of its arguments. */
const typist = `import fcntl, os, pty, struct, sys, termios
pairs = sys.argv[1].split(';')
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 33, 101, 0, 0))
seen = b''
def read():
    global seen
    try:
        chunk = os.read(fd, 4096)
    except OSError:
        chunk = b''
    seen += chunk
    return chunk != b''
for pair in pairs:
    word, answer = pair.split('=')
    while word.encode() not in seen:
        if not read():
            break
    os.write(fd, answer.encode().decode('unicode_escape').encode())
while read():
    pass
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

test('at a terminal the command has one of its own: size, keys and Ctrl-C', async () => {
  const script = [
    'test -t 0 && test -t 1 && echo at a terminal of $(stty size)',
    'echo ask; read answer; echo "you said $answer"',
    'trap "echo interrupted; exit 9" INT; echo armed; while :; do sleep 0.05; done',
  ].join('\n');
  const words = ['-c', typist, 'ask=hello\\n;armed=\\x03', process.execPath, entry];
  const child = spawn('/usr/bin/python3', [...words, ...runWords(script)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: '/usr/bin:/bin', TERM: 'xterm', USER: 'tester' },
    timeout: 30_000,
  });
  const output = await text(child.stdout);
  expect(output).toContain('at a terminal of 33 101');
  expect(output).toContain('you said hello');
  expect(output).toContain('interrupted');
  expect(child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)))).toBe(9);
});

test('tail follows what happens and ends in peace with Ctrl-C', async () => {
  const tail = startCommand(product.words(['tail', '--kind', 'process.', '--json']), { stdin: '' });
  // The first line is there when it follows; runs go on until one is seen.
  await until(
    async () => {
      await runWorkload(product, { script: 'true' });
      return tail.stdout().includes('"kind":"process.exec"');
    },
    { what: 'tail shows an execution' },
  );
  tail.child.kill('SIGINT');
  const { exit, stdout } = await tail.ended;
  expect(exit).toBe(0);
  for (const line of stdout.trimEnd().split('\n'))
    expect(JSON.parse(line).kind).toMatch(/^process\./);
});

test('query filters, prints for people and for machines, and takes read-only SQL', async () => {
  const { uid } = await runWorkload(product, { script: 'echo looked-for' });
  const query = async (...words: readonly string[]) => product.command(['query', ...words]);
  await until(async () => (await query('--sandbox', uid, '--kind', 'process.exit')).stdout !== '', {
    what: 'the run is stored',
    everyMs: 200,
  });
  const plain = await query('--sandbox', uid, '--kind', 'command');
  expect(plain.stdout).toMatch(/looked-for/);
  const json = await query('--sandbox', uid, '--text', 'looked-for', '--json', '--limit', '2');
  const lines = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatchObject({ sandbox: uid });
  const family = await query('--sandbox', uid, '--kind', 'process.', '--json');
  expect(family.stdout).toContain('"kind":"process.exec"');
  expect(family.stdout).not.toContain('"kind":"command"');
  const counted = await query('--sql', `SELECT count() AS n FROM sealed WHERE sandbox = '${uid}'`);
  expect(Number(JSON.parse(counted.stdout).n)).toBeGreaterThan(10);
  const dropped = await query('--sql', 'DROP TABLE sealed');
  expect(dropped.exit).not.toBe(0);
  expect(dropped.stderr).toMatch(/code: +\w+/);
  const nonsense = await query('--since', 'yesterdayish');
  expect(nonsense).toMatchObject({ exit: 64, stdout: '' });
});

test('scan finds a secret and never shows it', async () => {
  const token = `ghp_${githubTokenTail(systemRandom)}`;
  const found = await runCommand(['scan', '-', '--json'], { stdin: `a\nkey=${token}\n` });
  expect(found.exit).toBe(1);
  expect(JSON.parse(found.stdout)).toMatchObject({ findings: [{ rule: 'github-token', line: 2 }] });
  expect(found.stdout + found.stderr).not.toContain(token);
  expect(await runCommand(['scan', '-'], { stdin: 'nothing here\n' })).toMatchObject({ exit: 0 });
});

test('policy lint says what is wrong, where, and what is weak', async () => {
  const good = await runCommand(['policy', 'lint', policyFile, '--json']);
  expect(JSON.parse(good.stdout)).toMatchObject({ valid: true });
  const bad = await runCommand(['policy', 'lint', '-'], {
    stdin: 'isolation: bubblewrap\nnetwrok: 1\n',
  });
  expect(bad.exit).toBe(64);
  expect(bad.stderr).toMatch(/netwrok/);
});

test('schema prints what an event of a kind is', async () => {
  const { stdout } = await runCommand(['schema', 'process.exec']);
  expect(JSON.parse(stdout)).toMatchObject({ type: 'object' });
});
