// Sockets of ours in a sandbox's network namespace: how proxy and resolver are its only ways out.
import { strict as assert } from 'node:assert';
import { closeSync, openSync } from 'node:fs';
import { errno, libcFunction } from '@sandtrail/runtime/ffi';
import { SandtrailError } from '@sandtrail/schemas/errors';

const setns = libcFunction('int setns(int fd, int nstype)');
const socket = libcFunction('int socket(int domain, int type, int protocol)');
const bind = libcFunction('int bind(int fd, void *address, uint32_t length)');
const listen = libcFunction('int listen(int fd, int backlog)');

const netNamespace = 0x40000000;
const inet = 2;
const stream = 1;
const datagram = 2;
const nonblockCloseOnExec = 0o4000 | 0o2000000;
const backlog = 128;

/** Where to listen inside. */
export interface NamespaceAddress {
  readonly protocol: 'tcp' | 'udp';
  /** Dotted IPv4. */
  readonly address: string;
  readonly port: number;
}

/**
 * A bound (and, for TCP, listening) socket in the network namespace of process `pid`, for Node's
 * `listen({ fd })` or dgram's `bind({ fd })`. The calling thread visits that namespace and comes
 * back; needs CAP_SYS_ADMIN (setns(2)).
 * @throws SandtrailError `SANDBOX_NETWORK` when it cannot.
 */
export function listenInNamespace(pid: number, at: NamespaceAddress): number {
  const home = openSync('/proc/self/ns/net', 'r');
  try {
    const away = openSync(`/proc/${pid}/ns/net`, 'r');
    const entered = setns(away, netNamespace);
    closeSync(away);
    if (entered !== 0) throw failure(at, 'setns');
    try {
      return listenHere(at);
    } finally {
      assert(setns(home, netNamespace) === 0, 'the thread is back in its own network namespace');
    }
  } finally {
    closeSync(home);
  }
}

/**
 * The same in the namespace of the calling thread.
 * @throws SandtrailError `SANDBOX_NETWORK` when it cannot.
 */
export function listenHere(at: NamespaceAddress): number {
  const type = (at.protocol === 'tcp' ? stream : datagram) | nonblockCloseOnExec;
  const fd = socket(inet, type, 0);
  if (fd < 0) throw failure(at, 'socket');
  const address = socketAddress(at);
  if (bind(fd, address, address.length) !== 0) throw closing(fd, failure(at, 'bind'));
  if (at.protocol === 'tcp' && listen(fd, backlog) !== 0) throw closing(fd, failure(at, 'listen'));
  return fd;
}

/** `struct sockaddr_in` (ip(7)): family in host order, port and address in network order. */
function socketAddress({ address, port }: NamespaceAddress): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(inet, 0);
  bytes.writeUInt16BE(port, 2);
  Buffer.from(address.split('.').map(Number)).copy(bytes, 4);
  return bytes;
}

function failure({ protocol, address, port }: NamespaceAddress, call: string): SandtrailError {
  const detail = `${call} for ${protocol} ${address}:${port}, errno ${errno()}`;
  return new SandtrailError('SANDBOX_NETWORK', { detail });
}

function closing(fd: number, error: SandtrailError): SandtrailError {
  closeSync(fd);
  return error;
}
