// Who is at the other end of a Unix socket, as the kernel says and no peer can claim.
import type { Socket } from 'node:net';
import { libcFunction } from '@sandtrail/runtime/ffi';

const getsockopt = libcFunction(
  'int getsockopt(int fd, int level, int name, void *value, void *length)',
);
const solSocket = 1;
const peerCredentials = 17;

/** Process, user and group of a peer at the time when it connected. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Reads SO_PEERCRED (unix(7)); `undefined` when the socket is closed or is none of that kind. */
export function peerOf(socket: Socket): PeerCredentials | undefined {
  const fd = descriptorOf(socket);
  if (fd === undefined || fd < 0) return undefined;
  const value = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  if (getsockopt(fd, solSocket, peerCredentials, value, length) !== 0) return undefined;
  return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) };
}

/** Node shows a socket's descriptor on its internal handle alone. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return undefined;
  const fd: unknown = Reflect.get(handle, 'fd');
  return typeof fd === 'number' ? fd : undefined;
}
