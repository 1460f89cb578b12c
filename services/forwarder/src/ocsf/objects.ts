// OCSF objects that several classes share: process, actor, device, file, endpoint.
import { isIP } from 'node:net';
import path from 'node:path';
import type { BodyWire } from '@sandtrail/schemas/observation';
import type { JsonObject } from '../json.ts';
import type { HeaderWire } from './mapped.ts';

interface PathWire {
  readonly raw: string;
  readonly resolved?: string | undefined;
  readonly cut?: boolean | undefined;
}

const fileTypes = { unknown: 0, regular: 1, folder: 2, symbolic: 7, executable: 8 } as const;
const virtualMachine = 6;

/** A file by its path as the kernel resolved it, else as the program gave it. */
export function fileOf(at: PathWire, type: keyof typeof fileTypes = 'unknown'): JsonObject {
  const known = at.resolved ?? at.raw;
  const name = path.posix.basename(known);
  return { name: name === '' ? known : name, path: known, type_id: fileTypes[type] };
}

/** What `fileOf` could not say of a path, under the name of the field. */
export function pathRest(field: string, { raw, resolved, cut }: PathWire): JsonObject {
  if (resolved === undefined && cut === undefined) return {};
  return { [field]: { raw, resolved, cut } };
}

/** The process that an event is about; where none is known, its stream stands for it. */
export function processOf({ process, stream, seq }: BodyWire): JsonObject {
  if (process === undefined) return { uid: `${stream}/${seq}` };
  const { pid, startNs, ppid, uid, comm, exe } = process;
  return {
    pid,
    uid: `${pid}:${startNs}`,
    name: comm,
    path: exe,
    user: uid === undefined ? undefined : { uid: `${uid}` },
    parent_process: ppid === undefined ? undefined : { pid: ppid },
  };
}

/** Who acted: the process, the agent, or the credential that the record came by. */
export function actorOf(body: BodyWire, { credential }: HeaderWire): JsonObject {
  const { process, agent } = body;
  return {
    process: process === undefined ? undefined : processOf(body),
    app_name: agent?.framework ?? (process === undefined ? credential : undefined),
    app_uid: agent?.id,
    session: agent?.session === undefined ? undefined : { uid: agent.session },
  };
}

/** The sandbox, as the device that an event happened on. */
export function deviceOf(body: BodyWire, { sandbox, incarnation }: HeaderWire): JsonObject {
  const [, node] = body.stream.split(':');
  return {
    ...{ type: 'Virtual', type_id: virtualMachine, name: sandbox, uid: sandbox },
    instance_uid: `${sandbox}:${incarnation}`,
    hypervisor: node,
  };
}

/** The sandbox as an end of a connection. */
export function sandboxEndpoint({ sandbox }: HeaderWire): JsonObject {
  return { uid: sandbox, name: sandbox };
}

interface Place {
  readonly host?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** The far end: an address where there is one, else a name (a socket's path is one too). */
export function endpointOf({ host, address, port }: Place): JsonObject {
  const ip = [address, host].find((each) => each !== undefined && isIP(each) !== 0);
  const hostname = host === undefined || isIP(host) !== 0 ? undefined : host;
  const name = ip === undefined && hostname === undefined ? (address ?? 'unknown') : undefined;
  return { ip, hostname, name: name === '' ? 'unknown' : name, port };
}
