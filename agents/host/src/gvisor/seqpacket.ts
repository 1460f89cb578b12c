// Unix sockets of type SOCK_SEQPACKET through the C library: Node's own cannot be of that type.
import { closeSync } from 'node:fs';
import { errno, libcFunction } from '@sandtrail/runtime/ffi';
import { SandtrailError } from '@sandtrail/schemas/errors';

const socket = libcFunction('int socket(int family, int type, int protocol)');
const bind = libcFunction('int bind(int fd, const uint8_t *address, int size)');
const connect = libcFunction('int connect(int fd, const uint8_t *address, int size)');
const listen = libcFunction('int listen(int fd, int backlog)');
const accept4 = libcFunction('int accept4(int fd, uint8_t *address, uint8_t *size, int flags)');
const send = libcFunction('int64_t send(int fd, const uint8_t *bytes, int64_t size, int flags)');
const recv = libcFunction('int64_t recv(int fd, uint8_t *bytes, int64_t size, int flags)');

const unix = 1;
const seqpacket = 5;
const flags = 0o2000000 | 0o4000; // SOCK_CLOEXEC | SOCK_NONBLOCK
const noSignal = 0x4000;
const trueSize = 0x20; // MSG_TRUNC
const again = 11;
const backlog = 4;

/** A connection; nothing of it blocks. */
export interface SeqpacketConnection {
  /** The next packet; `waiting` when there is none yet, `closed` at the end or after a failure. */
  read(): Buffer | 'waiting' | 'closed' | 'oversize';
  /** False when the other side does not take it. */
  write(bytes: Buffer): boolean;
  close(): void;
}

/** A socket that listens. */
export interface SeqpacketListener {
  /** The next connection, if one waits. */
  accept(): SeqpacketConnection | undefined;
  close(): void;
}

/** Listens at the path, where nothing may lie. @throws SandtrailError `SENSOR_UNAVAILABLE` */
export function listenSeqpacket(path: string, packetSizeBytesMax: number): SeqpacketListener {
  const fd = socket(unix, seqpacket | flags, 0);
  const address = addressOf(path);
  if (fd < 0 || bind(fd, address, address.length) < 0 || listen(fd, backlog) < 0) {
    const error = refused('listen');
    if (fd >= 0) closeSync(fd);
    throw error;
  }
  return {
    accept: () => {
      const accepted = accept4(fd, null, null, flags);
      return accepted < 0 ? undefined : connectionOf(accepted, packetSizeBytesMax);
    },
    close: () => closeSync(fd),
  };
}

/** Connects, as a Sentry does. @throws SandtrailError `SENSOR_UNAVAILABLE` */
export function connectSeqpacket(path: string, packetSizeBytesMax: number): SeqpacketConnection {
  const fd = socket(unix, seqpacket | flags, 0);
  const address = addressOf(path);
  if (fd >= 0 && connect(fd, address, address.length) === 0)
    return connectionOf(fd, packetSizeBytesMax);
  const error = refused('connect');
  if (fd >= 0) closeSync(fd);
  throw error;
}

function connectionOf(fd: number, packetSizeBytesMax: number): SeqpacketConnection {
  const bytes = Buffer.alloc(packetSizeBytesMax);
  let isOpen = true;
  return {
    read: () => {
      if (!isOpen) return 'closed';
      const size = recv(fd, bytes, bytes.length, trueSize);
      if (size < 0) return errno() === again ? 'waiting' : 'closed';
      // An empty packet cannot be told from the end, and no Sentry sends one.
      if (size === 0) return 'closed';
      return size > bytes.length ? 'oversize' : Buffer.from(bytes.subarray(0, size));
    },
    write: (packet) => isOpen && send(fd, packet, packet.length, noSignal) === packet.length,
    close: () => {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

/** `struct sockaddr_un` (unix(7)). */
function addressOf(path: string): Buffer {
  const name = Buffer.from(`${path}\0`);
  const familyBytes = Buffer.alloc(2);
  familyBytes.writeUInt16LE(unix, 0);
  if (name.length > 108)
    throw new SandtrailError('SENSOR_UNAVAILABLE', { detail: 'path too long' });
  return Buffer.concat([familyBytes, name]);
}

function refused(step: string): SandtrailError {
  const detail = `SOCK_SEQPACKET: ${step} failed with errno ${errno()}`;
  return new SandtrailError('SENSOR_UNAVAILABLE', { detail });
}
