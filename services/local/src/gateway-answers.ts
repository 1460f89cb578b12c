// Waits for the gateway's socket: the processes start at the same time, and the host needs it last.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SandtrailError } from '@sandtrail/schemas/errors';

const everyMs = 20;

/**
 * Resolves when somebody listens on the socket; a leftover file of a dead process does not.
 * @throws SandtrailError `GATEWAY_UNREACHABLE` when nobody does within `waitMsMax`
 */
export async function gatewayAnswers(socketPath: string, waitMsMax: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < waitMsMax; waitedMs += everyMs) {
    if (await listens(socketPath)) return;
    await delay(everyMs);
  }
  throw new SandtrailError('GATEWAY_UNREACHABLE', { detail: socketPath });
}

async function listens(socketPath: string): Promise<boolean> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
