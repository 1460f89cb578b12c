// Messages of the kernel's process connector (linux/connector.h, linux/cn_proc.h), as bytes.

/** What happened to a process; ids are those of the host, times nanoseconds of CLOCK_MONOTONIC. */
export type ProcMessage = ProcCommon &
  (
    | { readonly type: 'fork'; readonly parent: number; readonly child: number }
    | { readonly type: 'exec'; readonly pid: number }
    | {
        readonly type: 'uid';
        readonly pid: number;
        readonly real: number;
        readonly effective: number;
      }
    | {
        readonly type: 'gid';
        readonly pid: number;
        readonly real: number;
        readonly effective: number;
      }
    | { readonly type: 'trace'; readonly pid: number; readonly tracer: number }
    | { readonly type: 'exit'; readonly pid: number; readonly status: number }
    | { readonly type: 'other' }
  );

interface ProcCommon {
  readonly atNs: bigint;
  readonly processor: number;
  /** Counts the messages of this processor: a hole is a loss. */
  readonly number: number;
}

const netlinkHeaderSize = 16;
const connectorHeaderSize = 20;
const eventHeaderSize = 16;
const headersSize = netlinkHeaderSize + connectorHeaderSize + eventHeaderSize;
const processIndex = 1; // CN_IDX_PROC
const done = 3; // NLMSG_DONE
const listen = 1; // PROC_CN_MCAST_LISTEN

/** The request that turns the messages on. */
export function listenRequest(pid: number): Buffer {
  const size = netlinkHeaderSize + connectorHeaderSize + 4;
  const request = Buffer.alloc(size);
  request.writeUInt32LE(size, 0);
  request.writeUInt16LE(done, 4);
  request.writeUInt32LE(pid, 12);
  request.writeUInt32LE(processIndex, 16);
  request.writeUInt32LE(1, 20); // CN_VAL_PROC
  request.writeUInt16LE(4, 32);
  request.writeUInt32LE(listen, 36);
  return request;
}

/** Reads one datagram; `undefined` when it is not a message of the process connector. */
export function parseProcMessage(bytes: Buffer): ProcMessage | undefined {
  if (bytes.length < headersSize || bytes.readUInt32LE(0) > bytes.length) return undefined;
  if (bytes.readUInt32LE(16) !== processIndex) return undefined;
  const common = {
    number: bytes.readUInt32LE(24),
    processor: bytes.readUInt32LE(40),
    atNs: bytes.readBigUInt64LE(44),
  };
  const words = bytes.subarray(headersSize);
  const what = bytes.readUInt32LE(36);
  const size = dataSizes.get(what) ?? 0;
  if (words.length < size) return undefined;
  const word = (at: number) => words.readUInt32LE(at * 4);
  switch (what) {
    case 0x1:
      // A new thread has the group of its parent: only a new group is a process.
      return word(2) === word(3)
        ? { ...common, type: 'fork', parent: word(1), child: word(3) }
        : { ...common, type: 'other' };
    case 0x2:
      return { ...common, type: 'exec', pid: word(1) };
    case 0x4:
      return { ...common, type: 'uid', pid: word(1), real: word(2), effective: word(3) };
    case 0x40:
      return { ...common, type: 'gid', pid: word(1), real: word(2), effective: word(3) };
    case 0x100:
      return { ...common, type: 'trace', pid: word(1), tracer: word(3) };
    case 0x8000_0000:
      return word(0) === word(1)
        ? { ...common, type: 'exit', pid: word(1), status: word(2) }
        : { ...common, type: 'other' };
    default:
      return { ...common, type: 'other' };
  }
}

/** Bytes of data that each event that is read must have. */
const dataSizes: ReadonlyMap<number, number> = new Map([
  [0x1, 16],
  [0x2, 8],
  [0x4, 16],
  [0x40, 16],
  [0x100, 16],
  [0x8000_0000, 16],
]);
