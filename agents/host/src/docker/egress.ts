// A container's way out: its networks. Denied means that no interface but loopback is left to it.
import { readFileSync } from 'node:fs';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { EgressState, EgressSwitch } from '../driver/driver.ts';
import { systemErrorCode } from '../sandbox/system-error.ts';
import type { DockerEngine } from './engine.ts';

interface EgressOptions {
  readonly engine: DockerEngine;
  readonly id: string;
  /** Its first process on the host: the network namespace is read through it. */
  readonly initPid: number;
}

/** An engine needs a tenth of a second for each network, and more on a busy machine. */
const disconnectMsMax = 1_000;

/** A network as it was, to be given back. */
interface Left {
  readonly network: string;
  readonly endpoint: unknown;
}

/**
 * Takes a container off all its networks and gives them back. What holds is read from the network
 * namespace, never taken from the engine's word.
 */
export function createContainerEgress({ engine, id, initPid }: EgressOptions): EgressSwitch {
  let left: readonly Left[] = [];
  let isDenied = false;
  const state = (): EgressState => ({ openFlows: openFlows(initPid), denied: isDenied });
  return {
    deny: async () => {
      const networks = (await engine.inspect(id))?.NetworkSettings.Networks ?? {};
      if (networks['host'] !== undefined) {
        throw new SandtrailError('DOCKER_REFUSED', { detail: 'it shares the network of the host' });
      }
      for (const [name, { NetworkID, IPAMConfig, Aliases }] of Object.entries(networks)) {
        if (name === 'none') continue;
        await engine.disconnect(id, NetworkID);
        left = [...left, { network: NetworkID, endpoint: { IPAMConfig, Aliases } }];
      }
      isDenied = interfacesOf(initPid).length === 0;
      return state();
    },
    allow: async () => {
      for (const { network, endpoint } of left) await engine.connect(id, network, endpoint);
      left = [];
      isDenied = false;
      return state();
    },
    status: () => Promise.resolve(state()),
    answerMs: disconnectMsMax,
  };
}

/** Names of the interfaces that lead out of the process's network namespace. */
export function interfacesOf(pid: number): readonly string[] {
  const [, , ...lines] = read(pid, 'dev').split('\n');
  return lines.map((line) => line.split(':')[0]?.trim() ?? '').filter((name) => !isInside(name));
}

/** Loopback, and devices that exist in each namespace and lead nowhere before they are set up. */
function isInside(name: string): boolean {
  return (
    name === '' ||
    /^(?:lo|(?:sit|tunl|ip6tnl|gre|gretap|erspan|ip_vti|ip6_vti|ip6gre)0)$/.test(name)
  );
}

const tables = ['tcp', 'tcp6', 'udp', 'udp6'] as const;
/** Remote addresses that are none (an unconnected socket) or loopback, as /proc writes them. */
const nowhere = /^(?:0{8}|0{32}|[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F):/;

/** Sockets with a peer elsewhere; none, whatever they think, where no interface leads out. */
function openFlows(pid: number): number {
  if (interfacesOf(pid).length === 0) return 0;
  return tables.flatMap((table) => read(pid, table).split('\n').slice(1)).filter(isFlow).length;
}

function isFlow(line: string): boolean {
  const [, , remote, state] = line.trim().split(/\s+/);
  // 06 is TIME_WAIT: nothing is behind it any more (proc_net_tcp, tcp_states.h).
  return remote !== undefined && state !== '06' && !nowhere.test(remote);
}

function read(pid: number, table: 'dev' | (typeof tables)[number]): string {
  try {
    return readFileSync(`/proc/${pid}/net/${table}`, 'latin1');
  } catch (error) {
    // Its first process is gone, and the namespace with it: nothing leads out of it.
    if (['ENOENT', 'ESRCH', 'EINVAL'].includes(systemErrorCode(error) ?? '')) return '';
    throw error;
  }
}
