// The process that holds chDB: it opens the engine, serves it on two sockets, and ends with its parent.
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { Session } from 'chdb';
import { chdbFront } from './chdb-front.ts';
import { ChdbStart, type ChdbState } from './chdb-start.ts';
import { trimEngineCode } from './chdb-trim.ts';

const stopMs = 3000;
const trimMs = 5000;

// Whatever chDB and this process make is for their user alone.
process.umask(0o077);
process.once('message', (message) => {
  serve(ChdbStart.parse(message)).catch((error: unknown) => {
    tell({ state: 'failed', message: error instanceof Error ? error.message : String(error) });
    end();
  });
});
// A parent that is gone can ask for nothing. Whatever was acknowledged is on the disk already.
process.once('disconnect', end);

async function serve(start: ChdbStart): Promise<void> {
  // The engine lives as long as one of its connections does, and takes its configuration from the
  // first: `createChdbConnection` has no way to pass one (chdb 3.4.0).
  const engine = new Session(start.path, { connectionArgs: [`--config-file=${start.configPath}`] });
  const { path, requestsMax, settings } = start;
  const writes = createServer(chdbFront({ path, requestsMax, settings, mayWrite: true }));
  const reads = createServer(chdbFront({ path, requestsMax, settings, mayWrite: false }));
  await listen(writes, start.writeSocket, 0o600);
  await listen(reads, start.readSocket, 0o666);
  process.on('message', () => {
    stop([writes, reads], engine);
  });
  tell({ state: 'ready' });
  // By then the schema is up to date and the first rows are in: what they needed comes back at once.
  setTimeout(trimEngineCode, trimMs).unref();
}

async function listen(server: Server, socket: string, mode: number): Promise<void> {
  rmSync(socket, { force: true });
  // A server that closes idle sockets on its own would now and then cut a request that is on its way.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  chmodSync(socket, mode);
}

function stop(servers: readonly Server[], engine: Session): void {
  setTimeout(end, stopMs).unref();
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  engine.close();
  end();
}

function tell(state: ChdbState): void {
  process.send?.(state);
}

/** The engine's exit handlers have been seen to hang or crash; nothing here needs them. */
function end(): void {
  setImmediate(() => process.kill(process.pid, 'SIGKILL'));
}
