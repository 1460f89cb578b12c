// Opens the store of a data directory: chDB in a process of its own, its schema brought up to date.
import { chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { chdbConfig, statementSettings } from './chdb-config.ts';
import { chdbConnection } from './chdb-insert.ts';
import { ChdbProcess } from './chdb-process.ts';
import { checkStore } from './check-store.ts';
import { fileFailure } from './connection-failure.ts';
import { httpStatements } from './connection-http.ts';
import { migrate } from './migrations.ts';
import type { Store, StoreReader } from './store.ts';
import { storeReader } from './store-reader.ts';
import type { StoreTarget } from './store-target.ts';
import { storeOver } from './store-writer.ts';

/** How to open a store. */
export interface OpenOptions {
  /** The store's own directory, such as `DATA/store`; it is made if need be. */
  readonly dir: string;
  /**
   * Where the Unix sockets go; a fresh directory in the system's own place for temporary files
   * without it. `read.sock` lets everybody in whom this directory lets in.
   */
  readonly runDir?: string;
  /** Where only `read.sock` goes, when others than the owner shall reach it (the signer). */
  readonly readDir?: string;
  /** The engine's user when root opens the store; without it, whoever owns `dir` already. */
  readonly account?: Account;
  readonly logger: Logger;
  readonly counters: Counters;
  /** Bound of the engine's memory; the least that works is about 400 MB. */
  readonly memoryBytesMax?: number;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A store that this process opened. */
export interface OpenedStore extends Store {
  /** For `connectReader`: who reaches it can read everything and write nothing. */
  readonly readTarget: StoreTarget;
  /** The engine's process, for figures; undefined while it is being started again. */
  readonly enginePid: () => number | undefined;
}

const memoryBytesMaxDefault = 800 * 1024 * 1024;
const markCacheBytesMax = 16 * 1024 * 1024;
const requestsMax = 24;
const requestTimeoutMs = 120_000;
const socketCharsMax = 107;

/**
 * Opens the store at `dir`. One process at a time holds it.
 * @throws SandtrailError `DATA_DIR_IN_USE`, `DATA_DIR_VERSION`, `DATA_DIR_DAMAGED`,
 * `DATA_DIR_UNUSABLE`, `DISK_FULL` or `STORE_FAILED`
 */
export async function openStore(options: OpenOptions): Promise<OpenedStore> {
  const { counters } = options;
  const places = await prepare(options);
  const release = async () => {
    if (places.isTemporary) await rm(places.runDir, { recursive: true, force: true });
  };
  const engine = await startEngine(options, places).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  const ready = () => engine.ready();
  const limits = { requestsMax, requestTimeoutMs, ready };
  const writes = httpStatements({ target: { socketPath: places.writeSocket }, ...limits });
  const reads = httpStatements({ target: { socketPath: places.readSocket }, ...limits });
  const close = async () => {
    await Promise.all([writes.close(), reads.close()]);
    await engine.close();
    await release();
  };
  try {
    await removeLeftBlocks(places.blockDir);
    const connection = chdbConnection(writes, places.blockDir);
    await migrate(connection);
    await checkStore({ connection, logger: options.logger, counters });
    const store = storeOver({ connection, reader: storeReader({ connection: reads, counters }) });
    const readTarget = { socketPath: places.readSocket };
    return { ...store, close, readTarget, enginePid: () => engine.pid };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startEngine(
  { logger, counters }: OpenOptions,
  places: Places,
): Promise<ChdbProcess> {
  return await ChdbProcess.start({
    start: {
      path: places.engineDir,
      configPath: places.configPath,
      writeSocket: places.writeSocket,
      readSocket: places.readSocket,
      requestsMax,
      settings: statementSettings,
    },
    account: places.account,
    logger,
    counters,
  });
}

/** What was under way when a process died: the log has it all, and it is sealed again from there. */
async function removeLeftBlocks(blockDir: string): Promise<void> {
  for (const name of await readdir(blockDir)) await rm(path.join(blockDir, name));
}

/**
 * Reads a store that somebody else has open: by the `readTarget` of the process that holds it, or by
 * the URL of a ClickHouse server (with user and password in it, where it asks for them).
 */
export function connectReader(options: {
  readonly target: StoreTarget | { readonly url: string };
  readonly counters: Counters;
}): StoreReader {
  const { target, counters } = options;
  const ready = () => Promise.resolve();
  const limits = { requestsMax: 4, requestTimeoutMs, ready };
  return storeReader({ connection: httpStatements({ target, ...limits }), counters });
}

type Places = Awaited<ReturnType<typeof prepare>>;

async function prepare(options: OpenOptions) {
  const home = path.resolve(options.dir);
  const runDir = options.runDir ?? (await mkdtemp(path.join(tmpdir(), 'sandtrail-')));
  const places = {
    engineDir: path.join(home, 'chdb'),
    blockDir: path.join(home, 'blocks'),
    configPath: path.join(home, 'chdb.xml'),
    runDir,
    isTemporary: options.runDir === undefined,
    writeSocket: path.join(runDir, 'store.sock'),
    readSocket: path.join(options.readDir ?? runDir, 'read.sock'),
  };
  checkSocketPath(places.writeSocket);
  checkSocketPath(places.readSocket);
  const memoryBytesMax = options.memoryBytesMax ?? memoryBytesMaxDefault;
  try {
    const account = await accountOf(options, home);
    await mkdir(places.engineDir, { recursive: true });
    await mkdir(places.blockDir, { recursive: true, mode: 0o700 });
    await writeFile(places.configPath, chdbConfig({ memoryBytesMax, markCacheBytesMax }));
    if (account !== undefined) {
      const { engineDir, blockDir, configPath } = places;
      const owned = [
        home,
        engineDir,
        blockDir,
        configPath,
        ...(places.isTemporary ? [runDir] : []),
      ];
      for (const each of owned) await chown(each, account.uid, account.gid);
    }
    return { ...places, account };
  } catch (error) {
    throw fileFailure(error, home);
  }
}

/** Root opens a store as its owner: files of root's in it would lock the owner out later. */
async function accountOf({ account }: OpenOptions, home: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (account !== undefined) return account;
  const owner = await stat(home).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { uid: 0, gid: 0 };
    throw error;
  });
  return owner.uid === 0 ? undefined : { uid: owner.uid, gid: owner.gid };
}

function checkSocketPath(socket: string): void {
  if (Buffer.byteLength(socket) <= socketCharsMax) return;
  throw new SandtrailError('DATA_DIR_UNUSABLE', {
    detail: `the path of a Unix socket has at most ${socketCharsMax} bytes: ${socket}`,
  });
}
