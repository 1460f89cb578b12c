// One sandbox's monitor: a socket of its own to which its Sentry sends what the guest does.
import { chmodSync, rmSync } from 'node:fs';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { droppedBetween, handshake, parsePacket } from './packet.ts';
import { type Message, numberOf, readMessage } from './protobuf.ts';
import { listenSeqpacket, type SeqpacketConnection } from './seqpacket.ts';

interface MonitorOptions {
  readonly socketPath: string;
  readonly onPoint: (type: number, message: Message) => void;
  /** So many were dropped by the sink, or could not be read. */
  readonly onLoss: (reason: 'ring_full' | 'malformed', count: number) => void;
  /** The Sentry is gone. */
  readonly onHangUp: () => void;
}

/** A monitor that listens. */
export interface Monitor {
  /** Reads what still waits, then lets go. */
  close(): Promise<void>;
}

/** gVisor's own server reads as much at once. */
const packetSizeBytesMax = 1_048_576;
/** A Sentry that sends more that is no packet than this is not listened to any longer. */
const malformedMax = 1_000;
/** How often the socket is looked at: at 40,000 packets a second its buffer then never fills. */
const lookMs = 5;
/** So many packets in a row; then others have their turn. */
const packetsPerTurn = 2_000;

/**
 * Listens; a file that a dead daemon left is replaced. One connection at a time is served.
 * @throws SandtrailError `SENSOR_UNAVAILABLE`
 */
export function startMonitor(options: MonitorOptions): Monitor {
  const { socketPath } = options;
  rmSync(socketPath, { force: true });
  const listener = listenSeqpacket(socketPath, packetSizeBytesMax);
  chmodSync(socketPath, 0o600);
  let isClosing = false;
  const serve = async () => {
    let serving: Reader | undefined;
    for (;;) {
      const coming = listener.accept();
      if (serving === undefined && coming !== undefined) serving = readerOf(coming, options);
      else coming?.close();
      const isBusy = serving?.drain() === true;
      if (serving?.isOver() === true) {
        serving = undefined;
        options.onHangUp();
      }
      if (isBusy) await turn();
      else if (isClosing) break;
      else await delay(lookMs);
    }
    serving?.close();
    listener.close();
    rmSync(socketPath, { force: true });
  };
  const served = serve();
  return {
    close: () => {
      isClosing = true;
      return served;
    },
  };
}

interface Reader {
  /** Reads a turn's worth; true when more may wait. */
  drain(): boolean;
  isOver(): boolean;
  close(): void;
}

function readerOf(connection: SeqpacketConnection, options: MonitorOptions): Reader {
  let isGreeted = false;
  let isOver = false;
  let dropped = 0;
  let malformed = 0;
  const end = () => {
    isOver = true;
    connection.close();
  };
  const take = (bytes: Buffer) => {
    const packet = parsePacket(bytes);
    const lost = packet === undefined ? 0 : droppedBetween(dropped, packet.dropped);
    if (lost > 0) options.onLoss('ring_full', lost);
    dropped = packet?.dropped ?? dropped;
    const message = packet && readMessage(packet.payload);
    if (packet !== undefined && message !== undefined) options.onPoint(packet.type, message);
    else refuse();
  };
  const refuse = () => {
    malformed += 1;
    options.onLoss('malformed', 1);
    if (malformed > malformedMax) end();
  };
  const greet = (bytes: Buffer) => {
    isGreeted = numberOf(readMessage(bytes), 1) >= 1n && connection.write(handshake);
    if (!isGreeted) end();
  };
  return {
    drain: () => {
      for (let count = 0; count < packetsPerTurn && !isOver; count += 1) {
        const read = connection.read();
        if (read === 'waiting') return false;
        if (read === 'closed') end();
        else if (read === 'oversize') refuse();
        else if (isGreeted) take(read);
        else greet(read);
      }
      return !isOver;
    },
    isOver: () => isOver,
    close: end,
  };
}
