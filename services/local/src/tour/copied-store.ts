// A copy of the store, made while it is in use, and what a forger with full access does to it.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { httpStatements } from '@sandtrail/store/connection-http';
import { openStore } from '@sandtrail/store/open-store';
import type { Layout } from '../layout.ts';

const requestTimeoutMs = 60_000;

function statementsOf(socketPath: string) {
  const ready = () => Promise.resolve();
  return httpStatements({ target: { socketPath }, requestsMax: 2, requestTimeoutMs, ready });
}

/**
 * Copies the store of a running product and opens the copy. Parts of a table never change once they
 * are written; merges, which would remove some in mid-copy, wait meanwhile.
 */
export async function copyStore(layout: Layout) {
  const folder = mkdtempSync(path.join(tmpdir(), 'sandtrail-copy-'));
  const live = statementsOf(path.join(layout.runCore, 'store.sock'));
  try {
    await live.command({ sql: 'SYSTEM STOP MERGES' });
    copyPatiently(layout.store, path.join(folder, 'store'));
  } finally {
    await live.command({ sql: 'SYSTEM START MERGES' });
    await live.close();
  }
  const runDir = path.join(folder, 'run');
  cpSync(layout.trustFile, path.join(runDir, 'trust.json'), { recursive: true });
  const store = await openStore({
    dir: path.join(folder, 'store'),
    runDir,
    logger: silentLogger,
    counters: createCounters(),
  });
  const statements = statementsOf(path.join(runDir, 'store.sock'));
  return {
    store,
    /** Rewrites a record in place, as a database administrator could. */
    forge: (sql: string) => statements.command({ sql }),
    async close() {
      await statements.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const attemptsMax = 5;

/** A file of an insert under way may vanish between the listing and the copy: then again. */
function copyPatiently(from: string, to: string): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      cpSync(from, to, { recursive: true, force: true, preserveTimestamps: true });
      return;
    } catch (error) {
      const vanished = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!vanished || attempt === attemptsMax) {
        throw new SandtrailError('INPUT_UNREADABLE', { detail: from, cause: error });
      }
      rmSync(to, { recursive: true, force: true });
    }
  }
}
