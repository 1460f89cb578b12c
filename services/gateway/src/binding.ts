// Binds a stream to the credential that sends it: whom it is about, and how far it is believed.
import type { SandboxUid, Trust } from '@sandtrail/schemas/scalars';
import { parseStream, type StreamId, type StreamParts } from '@sandtrail/schemas/stream';
import type { Credential } from './grant.ts';
import type { Registration } from './sandbox-registry.ts';

/** A stream that its sender may write. */
export interface Binding {
  readonly tenant: string;
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
  readonly collector: string;
}

/** Asks whether a sandbox's life is registered, and by whom. */
export type FindSandbox = (
  life: Pick<StreamParts, 'incarnation'> & { readonly uid: SandboxUid },
) => Registration | undefined;

/** Collectors of hosts that read the kernel itself: their events are witnessed by it. */
const kernelCollectors: readonly string[] = ['audit', 'ebpf', 'fanotify', 'proc', 'strace'];
const kernelKinds = /^(?:process|file|network)\.|^syscall$/;

/** The collector name of whatever senders inside a sandbox say. */
const senderCollector = 'sender';

/** Names that streams of Sandtrail's own services bear, so that no collector can write into them. */
const serviceCollector = /^(?:gateway|intake|detector|responder|signer|sender|tick-\d+)$/;

/** The sandbox name under which a node's own records stand. */
export function hostSandbox(node: string): string {
  const name = node
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, 58);
  return `host-${name}`.padEnd(7, '-');
}

/** The binding of a stream, or in words what it claims outside the credential's grant. */
export function bindStream(
  stream: StreamId,
  credential: Credential,
  find: FindSandbox,
): Binding | string {
  const { grant } = credential;
  const parts = parseStream(stream);
  const { sandbox, incarnation, collector, node } = parts;
  const bound = { tenant: credential.tenant, sandbox, incarnation, collector };
  switch (grant.type) {
    case 'host': {
      if (node !== grant.node) return `node ${node}`;
      if (serviceCollector.test(collector)) return `collector ${collector}`;
      if (sandbox === hostSandbox(node)) return bound;
      const life = find({ uid: sandbox, incarnation });
      if (life?.node !== node) return `sandbox ${sandbox}:${incarnation}`;
      return { ...bound, tenant: life.tenant };
    }
    case 'sandbox':
      // In streams that no host's collector can have.
      if (sandbox !== grant.uid) return `sandbox ${sandbox}`;
      if (collector !== senderCollector) return `collector ${collector}`;
      if (node !== grant.uid) return `node ${node}`;
      return openLife(parts, bound, find);
    case 'sockets':
      if (collector !== senderCollector) return `collector ${collector}`;
      if (node !== grant.node) return `node ${node}`;
      return openLife(parts, bound, find);
    case 'service': {
      if (collector !== grant.name) return `collector ${collector}`;
      return { ...bound, tenant: find({ uid: sandbox, incarnation })?.tenant ?? bound.tenant };
    }
    default:
      return grant satisfies never;
  }
}

/** Senders inside a sandbox have a voice in lives that some node registered, whoever that was. */
function openLife(
  { sandbox, incarnation }: StreamParts,
  bound: Binding,
  find: FindSandbox,
): Binding | string {
  const life = find({ uid: sandbox, incarnation });
  return life === undefined ? `incarnation ${incarnation}` : { ...bound, tenant: life.tenant };
}

/** How far a record is believed, by who sent it and what it is. */
export function trustOf(
  { grant }: Credential,
  { collector, kind }: { readonly collector: string; readonly kind: string },
): Trust {
  switch (grant.type) {
    case 'host':
      return kernelCollectors.includes(collector) && kernelKinds.test(kind) ? 'kernel' : 'host';
    case 'sandbox':
      return 'sandbox';
    case 'sockets':
      // The kit's own kinds are the gateway's statements about the stream, not the sandbox's.
      return kind.startsWith('collector.') ? 'host' : 'sandbox';
    case 'service':
      return 'host';
    default:
      return grant satisfies never;
  }
}
