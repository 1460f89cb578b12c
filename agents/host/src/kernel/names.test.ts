import {
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SandboxNames } from './names.ts';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'sandtrail-names-')));
mkdirSync(join(directory, 'real'));
writeFileSync(join(directory, 'real/file'), '');
symlinkSync('real', join(directory, 'link'));
symlinkSync('/etc/passwd', join(directory, 'out'));

// Lookups are made in the kernel's memory only, and a symlink that is milliseconds old asks for its
// time of access to be written first: these are not.
for (const name of ['link', 'out']) lutimesSync(join(directory, name), 4e9, 1e9);

const names = new SandboxNames();

afterAll(() => {
  names.close();
  rmSync(directory, { recursive: true, force: true });
});

function resolve(path: string, follow = true): string | undefined {
  const given = { pid: process.pid, dirfd: -100, bytes: Buffer.from(path), follow };
  return names.resolve({ ...given, cwd: directory, view: 'own', atNs: 1n });
}

test('symlinks, dots and the working directory are resolved', () => {
  expect(resolve('link/../real/./file')).toBe(join(directory, 'real/file'));
  expect(resolve('out')).toBe('/etc/passwd');
  expect(resolve('out', false)).toBe(join(directory, 'out'));
  expect(resolve('../../../../../etc/passwd')).toBe('/etc/passwd');
});

test('a name that is not there stands below the nearest directory that is', () => {
  expect(resolve('link/none/such')).toBe(join(directory, 'real/none/such'));
  expect(resolve('none/../../x')).toBeUndefined();
});

test('links of /proc mean the watched process', () => {
  expect(resolve('/proc/self/root/etc/passwd')).toBe('/etc/passwd');
  expect(resolve('/proc/self/cwd')).toBe(realpathSync(process.cwd()));
});

test('names that differ only in bytes that are no UTF-8 are two names', () => {
  const of = (byte: number) => {
    const bytes = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([byte])]);
    const given = { pid: process.pid, dirfd: -100, bytes, follow: true, cwd: '/' };
    return names.resolve({ ...given, view: 'own', atNs: 1n });
  };
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xfe])]), '');
  expect(of(0xff)).toBe(of(0xfe));
  expect(of(0xfe)).toContain('\ufffd');
});

test('what was kept is dropped when the sandbox changes a name', () => {
  expect(resolve('switch')).toBe(join(directory, 'switch'));
  const path = { raw: 'switch', resolved: join(directory, 'switch') };
  const target = { raw: '/etc/shadow' };
  names.noted({ kind: 'file.link', observedAtNs: '1', path, target, type: 'symbolic' });
  expect(resolve('switch')).toBe('/etc/shadow');
  names.noted({ kind: 'file.delete', observedAtNs: '1', path });
  expect(resolve('switch')).toBe(join(directory, 'switch'));
});

test('a path longer than the kernel takes is not resolved', () => {
  expect(resolve(`/${'a'.repeat(4096)}`)).toBeUndefined();
});
