// Waits for the gateway's socket: the processes start at the same time, and the host needs it last.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Surroundings } from './role.ts';

const everyMs = 20;
const waitMsMax = 25_000;

/**
 * Resolves when somebody listens on the gateway's socket; a leftover file of a dead process does
 * not. A log across the network may be away: then the core waits, and the supervisor knows.
 * @throws SandtrailError `GATEWAY_UNREACHABLE` when nobody does within 25 s
 */
export async function gatewayAnswers({ layout, configuration }: Surroundings): Promise<void> {
  const mayWait = configuration.bus !== 'embedded';
  for (let waitedMs = 0; mayWait || waitedMs < waitMsMax; waitedMs += everyMs) {
    if (await listens(layout.gatewaySocket)) return;
    await delay(everyMs);
  }
  throw new SandtrailError('GATEWAY_UNREACHABLE', { detail: layout.gatewaySocket });
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
