// The data directory under bad conditions: in use, from another version, not creatable, too deep.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseAccounts } from './accounts.ts';
import { openDataDirectory, takeLock } from './data-directory.ts';
import { layoutOf } from './layout.ts';

let folder = '';
const accounts = chooseAccounts({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'st-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a second opener is refused until the first lets go', () => {
  const layout = layoutOf(path.join(folder, 'data'));
  const lock = openDataDirectory(layout, accounts);
  expect(() => openDataDirectory(layout, accounts)).toThrowError(/in use/);
  lock.release();
  openDataDirectory(layout, accounts).release();
});

test('a lock dies with its holder, also by SIGKILL', async () => {
  const layout = layoutOf(path.join(folder, 'data'));
  openDataDirectory(layout, accounts).release();
  const script = `
    import { takeLock } from '${path.join(import.meta.dirname, 'data-directory.ts')}';
    import { layoutOf } from '${path.join(import.meta.dirname, 'layout.ts')}';
    takeLock(layoutOf(${JSON.stringify(layout.root)}));
    process.stdout.write('held');
    setInterval(() => undefined, 1000);
  `;
  const holder = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  expect(() => takeLock(layout)).toThrowError(/in use/);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  takeLock(layout).release();
});

test('another version’s directory is refused and left as it is', () => {
  const layout = layoutOf(path.join(folder, 'data'));
  openDataDirectory(layout, accounts).release();
  writeFileSync(layout.version, '999\n');
  expect(() => openDataDirectory(layout, accounts)).toThrowError(/another version/);
  expect(readFileSync(layout.version, 'utf8')).toBe('999\n');
});

test('a path that is a file is refused by name', () => {
  const file = path.join(folder, 'file');
  writeFileSync(file, '');
  expect(() => openDataDirectory(layoutOf(file), accounts)).toThrowError(/cannot be created/);
});

test('a path too long for a socket is refused before anything is made', () => {
  const deep = path.join(folder, 'd'.repeat(100));
  expect(() => openDataDirectory(layoutOf(deep), accounts)).toThrowError(/too long/);
});

test('only its role can look into a folder', () => {
  const layout = layoutOf(path.join(folder, 'data'));
  openDataDirectory(layout, accounts).release();
  for (const name of [layout.bus, layout.store, layout.spool, layout.signer]) {
    expect(statSync(name).mode & 0o077).toBe(0);
  }
});
