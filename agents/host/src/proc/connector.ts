// A netlink socket of the process connector, read as soon as something comes.
import { closeSync } from 'node:fs';
import { blockingLibcFunction, errno, libcFunction } from '@sandtrail/runtime/ffi';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { listenRequest, type ProcMessage, parseProcMessage } from './message.ts';

/** Where messages and losses go. */
export interface ConnectorOptions {
  readonly onMessage: (message: ProcMessage) => void;
  /** The kernel's buffer overflowed, or a processor's numbers have a hole of `count` messages. */
  readonly onLoss: (count: number) => void;
  readonly onMalformed: () => void;
}

/** A socket that is being read. */
export interface Connector {
  /** Stops reading; resolves when the socket is closed. */
  close(): Promise<void>;
}

const socket = libcFunction('int socket(int family, int type, int protocol)');
const bind = libcFunction('int bind(int fd, const uint8_t *address, int size)');
const setsockopt = libcFunction(
  'int setsockopt(int fd, int level, int name, const uint8_t *value, int size)',
);
const send = libcFunction('int64_t send(int fd, const uint8_t *bytes, int64_t size, int flags)');
const recvfrom = libcFunction(
  'int64_t recvfrom(int fd, uint8_t *bytes, int64_t size, int flags, uint8_t *from, uint8_t *fromSize)',
);
/** Blocks on a worker thread; libuv itself refuses netlink sockets. */
const poll = blockingLibcFunction('int poll(uint8_t *fds, uint64_t count, int timeoutMs)');

const family = { netlink: 16, connector: 11 };
const datagram = 0x2 | 0o2000000 | 0o4000; // SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK
const processGroup = 1;
const bufferSizeBytes = 16 * 1024 * 1024;
const pollMs = 200;
const noBuffers = 105; // ENOBUFS

/**
 * Joins the process connector; needs root in the first user namespace.
 * @throws SandtrailError `SENSOR_UNAVAILABLE` when the kernel refuses.
 */
export function openConnector(options: ConnectorOptions): Connector {
  const fd = socket(family.netlink, datagram, family.connector);
  if (fd < 0) throw refused('socket');
  const address = Buffer.alloc(12);
  address.writeUInt16LE(family.netlink, 0);
  address.writeUInt32LE(processGroup, 8);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bufferSizeBytes);
  setsockopt(fd, 1, 33, size, size.length); // SOL_SOCKET, SO_RCVBUFFORCE
  const request = listenRequest(0);
  if (bind(fd, address, address.length) < 0 || send(fd, request, request.length, 0) < 0) {
    const error = refused('bind');
    closeSync(fd);
    throw error;
  }
  const closing = new AbortController();
  const reading = read(fd, options, closing.signal);
  return {
    async close() {
      closing.abort();
      await reading;
      closeSync(fd);
    },
  };
}

async function read(fd: number, options: ConnectorOptions, signal: AbortSignal): Promise<void> {
  const bytes = Buffer.alloc(4096);
  const from = Buffer.alloc(12);
  const fromSize = Buffer.alloc(4);
  const waiting = Buffer.alloc(8); // struct pollfd: fd, POLLIN
  waiting.writeInt32LE(fd, 0);
  waiting.writeUInt16LE(1, 4);
  const last = new Map<number, number>();
  while (!signal.aborted) {
    if ((await poll(waiting, 1, pollMs)) <= 0) continue;
    for (;;) {
      fromSize.writeUInt32LE(from.length);
      const count = recvfrom(fd, bytes, bytes.length, 0, from, fromSize);
      if (count < 0) {
        if (errno() === noBuffers) options.onLoss(0);
        break;
      }
      // Only the kernel has port 0: a message from a process is a forgery.
      const message = from.readUInt32LE(4) === 0 ? parseProcMessage(bytes.subarray(0, count)) : undefined; // biome-ignore format: one expression
      if (message === undefined) options.onMalformed();
      else deliver(message, last, options);
    }
  }
}

function deliver(message: ProcMessage, last: Map<number, number>, options: ConnectorOptions): void {
  const previous = last.get(message.processor);
  last.set(message.processor, message.number);
  const hole = previous === undefined ? 0 : (message.number - previous - 1) >>> 0;
  // The answer to our own request is no event: it comes from no processor.
  if (hole > 0 && hole < 0x8000_0000 && message.processor !== 0xffff_ffff) options.onLoss(hole);
  options.onMessage(message);
}

function refused(step: string): SandtrailError {
  return new SandtrailError('SENSOR_UNAVAILABLE', {
    detail: `proc connector: ${step} failed with errno ${errno()}`,
  });
}
