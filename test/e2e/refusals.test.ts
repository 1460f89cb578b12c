// What the product refuses to start on, each with its code, its remedy and its exit code.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type CommandResult, runCommand } from '../world/command.ts';
import { startTestProduct, type TestProduct } from '../world/product.ts';

let product: TestProduct;
let folder = '';
let data = '';

beforeAll(async () => {
  product = await startTestProduct();
});
afterAll(async () => {
  expect(await product.close()).toEqual([]);
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'st-'));
  chmodSync(folder, 0o755);
  data = path.join(folder, 'data');
  mkdirSync(data);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function up(directory = data): Promise<CommandResult> {
  return runCommand(['up', '--data', directory], { timeoutMs: 30_000 });
}

/** One error, told as every verb tells it: message, code, remedy. */
function expectError({ exit, stderr }: CommandResult, expected: { code: RegExp; exit: number }) {
  expect(stderr).toMatch(expected.code);
  expect(stderr).toMatch(/remedy: +\S/);
  expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
  expect(exit).toBe(expected.exit);
}

test('a directory that is served already', async () => {
  expectError(await up(product.layout.root), { code: /DATA_DIR_IN_USE/, exit: 75 });
});

test('a directory of another version, which it leaves as it is', async () => {
  writeFileSync(path.join(data, 'VERSION'), '99\n');
  expectError(await up(), { code: /DATA_DIR_VERSION/, exit: 78 });
  expect(readFileSync(path.join(data, 'VERSION'), 'utf8')).toBe('99\n');
});

test('a file in the place of the directory', async () => {
  const file = path.join(folder, 'file');
  writeFileSync(file, 'not a directory');
  expectError(await up(file), { code: /DATA_DIR_UNUSABLE/, exit: 73 });
});

test('a path too long for the sockets in it', async () => {
  const deep = path.join(data, 'd'.repeat(100));
  expectError(await up(deep), { code: /DATA_DIR_UNUSABLE/, exit: 73 });
});

test('a setting that is none', async () => {
  writeFileSync(path.join(data, 'config.yaml'), 'tennant: acme\n');
  const result = await up();
  expectError(result, { code: /CONFIG_INVALID/, exit: 64 });
  expect(result.stderr).toContain('tennant');
});

test('a socket whose place is taken', async () => {
  mkdirSync(path.join(data, 'run', 'core', 'gateway.sock'), { recursive: true });
  expectError(await up(), { code: /LISTEN_REFUSED/, exit: 64 });
});

test('verbs for a running product, where none runs', async () => {
  for (const words of [['tail'], ['quarantine', 'x'], ['approve']]) {
    const result = await runCommand([...words, '--data', data]);
    expectError(result, { code: /NOT_RUNNING/, exit: 69 });
  }
});

test('a policy with an unknown field, before anything is started', async () => {
  const policy = path.join(folder, 'policy.yaml');
  writeFileSync(policy, 'isolation: bubblewrap\nnetwork: { mode: none, egres: [] }\n');
  const result = await product.command(['run', '--policy', policy, '--', 'true']);
  expect(result.exit).toBe(64);
  expect(result.stderr).toMatch(/egres/);
});

test('isolation weaker than declared, unless it is allowed', async () => {
  const policy = path.join(folder, 'policy.json');
  const text = JSON.stringify({
    isolation: 'gvisor',
    network: { mode: 'none' },
    filesystem: { workspace: '/tmp/agent' },
    resources: { cpu_limit: '1', memory_limit: '128Mi', timeout_seconds: 10 },
  });
  writeFileSync(policy, text);
  const refused = await product.command(['run', '--policy', policy, '--', 'true']);
  expect(refused.stderr).toMatch(/SANDBOX_WEAKER/);
  const words = ['run', '--policy', policy, '--allow-weaker', '--json', '--', 'true'];
  const allowed = await product.command(words);
  expect(allowed.exit).toBe(0);
  expect(JSON.parse(allowed.stdout).unenforced).toMatchObject([{ field: 'isolation' }]);
});

/** Destroys the start of each of a partition's files that is not a lock. */
function damage(directory: string): void {
  for (const name of readdirSync(directory).filter((each) => each.endsWith('.sqlite')))
    writeFileSync(path.join(directory, name), Buffer.alloc(8192, 0x5a));
}

test('a log that is damaged, named as the thing that is', async () => {
  expect((await product.stop()).exit).toBe(0);
  damage(path.join(product.layout.bus, 'events-0'));
  const result = await up(product.layout.root);
  expectError(result, { code: /DATA_DIR_DAMAGED/, exit: 74 });
  expect(result.stderr).toMatch(/events-0/);
});
