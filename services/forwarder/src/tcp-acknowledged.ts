// What the other side's kernel has not acknowledged yet, read from Linux's own table of sockets.
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** `sl local_address rem_address st tx_queue:rx_queue …`, in hexadecimal (proc_pid_net(5)). */
const row = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) (\w\w) ([0-9A-F]{8}):/;
const established = '01';

/** Bytes of a connection that were sent or wait and are not acknowledged; undefined when it is gone. */
export async function unacknowledgedBytes(socket: Socket): Promise<number | undefined> {
  const wanted = [socket.localPort, socket.remotePort];
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of (await readFile(table, 'utf8')).split('\n')) {
      const [, local = '', remote = '', state, queued = ''] = row.exec(line) ?? [];
      const ports = [Number.parseInt(local, 16), Number.parseInt(remote, 16)];
      if (state === established && ports.every((port, index) => port === wanted[index]))
        return Number.parseInt(queued, 16);
    }
  }
  return undefined;
}
