// Reads a query's question by its raw labels: a decoded name is never trusted to be what was sent.

/** RFC 1035 §4.1.1 response codes that the resolver gives. */
export const rcode = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, refused: 5 };

/** One question, or the code to answer with; `drop` where no answer may be sent. */
export type Question =
  | {
      readonly state: 'asked';
      /** Lower case, no trailing dot; bytes outside `[a-z0-9_-]` as `\ddd`. */
      readonly name: string;
      /** False when a label holds a byte that no host name holds, such as a NUL or a dot. */
      readonly plain: boolean;
      /** Such as `A`; `TYPE257` (RFC 3597) where the resolver has no name for the number. */
      readonly type: string;
      readonly internet: boolean;
      /** Where the question ends in the packet. */
      readonly end: number;
    }
  | { readonly state: 'malformed'; readonly rcode: number }
  | { readonly state: 'drop' };

const typeNames: ReadonlyMap<number, string> = new Map([
  [1, 'A'],
  [2, 'NS'],
  [5, 'CNAME'],
  [6, 'SOA'],
  [10, 'NULL'],
  [12, 'PTR'],
  [15, 'MX'],
  [16, 'TXT'],
  [28, 'AAAA'],
  [33, 'SRV'],
  [35, 'NAPTR'],
  [64, 'SVCB'],
  [65, 'HTTPS'],
  [251, 'IXFR'],
  [252, 'AXFR'],
  [255, 'ANY'],
]);

const headerBytes = 12;
const nameBytesMax = 255;
const classInternet = 1;
const malformed = (code: number): Question => ({ state: 'malformed', rcode: code });

/** Reads a packet of any bytes; never throws. */
export function readQuestion(packet: Buffer): Question {
  if (packet.length < headerBytes) return { state: 'drop' };
  const flags = packet.readUInt16BE(2);
  // Answering a response would let two resolvers talk to each other for ever.
  if ((flags & 0x8000) !== 0) return { state: 'drop' };
  if ((flags & 0x7800) !== 0) return malformed(rcode.notImp);
  const oneQuestion = packet.readUInt16BE(4) === 1;
  const noAnswers = packet.readUInt16BE(6) === 0 && packet.readUInt16BE(8) === 0;
  if (!oneQuestion || !noAnswers) return malformed(rcode.formErr);
  const labels = readLabels(packet);
  if (labels === undefined || labels.end + 4 > packet.length) return malformed(rcode.formErr);
  return {
    state: 'asked',
    name: labels.name,
    plain: labels.plain,
    type: typeName(packet.readUInt16BE(labels.end)),
    internet: packet.readUInt16BE(labels.end + 2) === classInternet,
    end: labels.end + 4,
  };
}

/** A compression pointer has no place in a question and is malformed, as is an endless name. */
function readLabels(packet: Buffer) {
  const labels: string[] = [];
  let plain = true;
  let at = headerBytes;
  while (at < packet.length && at - headerBytes < nameBytesMax) {
    const length = packet[at] ?? 0;
    at += 1;
    if (length === 0) return { name: labels.join('.'), plain, end: at };
    if (length > 63 || at + length > packet.length) return undefined;
    const label = packet.toString('latin1', at, at + length).toLowerCase();
    const ordinary = /^[a-z0-9_-]+$/.test(label);
    plain &&= ordinary;
    labels.push(ordinary ? label : escapeLabel(packet.subarray(at, at + length)));
    at += length;
  }
  return undefined;
}

function escapeLabel(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    const letter = String.fromCharCode(byte).toLowerCase();
    const ordinary = byte < 128 && /^[a-z0-9_-]$/.test(letter);
    text += ordinary ? letter : `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}

function typeName(number: number): string {
  return typeNames.get(number) ?? `TYPE${number}`;
}
