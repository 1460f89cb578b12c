// The doctor's word on each configured container engine, and on gVisor where there is one.
import { openDockerEngine } from '@sandtrail/host/docker/engine';
import { type Check, missing, reasonOf, works } from '@sandtrail/host/doctor/check';
import { traceAbility } from '@sandtrail/host/gvisor/session';
import { layoutOf } from './layout.ts';
import { effectiveConfiguration } from './up.ts';

const levels = 'contains at L1 (its networks), L2 and L5 (its cgroup)';

/** Asks each engine for its version; none where none is configured. Never rejects. */
export async function checkEngines(data: string): Promise<readonly Check[]> {
  try {
    const { schedulers } = effectiveConfiguration(layoutOf(data));
    if (schedulers.length === 0) return [];
    const sockets = schedulers.map(({ docker: { socket } }) => socket);
    return await Promise.all([...sockets.map(checkEngine), checkGvisor()]);
  } catch (error) {
    const remedy = 'sandtrail up --print-config';
    return [missing('engines', { why: reasonOf(error), remedy })];
  }
}

async function checkEngine(socketPath: string): Promise<Check> {
  const name = `docker ${socketPath}`;
  try {
    const { apiVersion } = await openDockerEngine({ socketPath });
    return works(name, `API ${apiVersion}; ${levels}`);
  } catch (error) {
    const blind = ['births, exec sessions and ends of its containers'];
    return missing(name, { why: reasonOf(error), remedy: 'start the engine', blind });
  }
}

async function checkGvisor(): Promise<Check> {
  try {
    const { available, missing: without } = await traceAbility();
    const rest = without.length === 0 ? '' : `; without ${without.join(', ')}`;
    return works('gvisor', `seccheck, ${available.length} points${rest}; ${levels}`);
  } catch (error) {
    const blind = ['what runs inside gVisor sandboxes'];
    return missing('gvisor', { why: reasonOf(error), remedy: 'apt-get install -y runsc', blind });
  }
}
