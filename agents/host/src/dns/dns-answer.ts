// Writes answers: the question as it was asked, byte for byte, and addresses or a code.
import { parseAddress } from '@sandtrail/policy/address';
import { rcode } from './question.ts';

/** How long a client may keep an answer, in seconds; short, since each dial is judged anew. */
export const answerTtlS = 30;

const recursionAvailable = 0x80;
const response = 0x80;
const kept = 0x01;
const headerBytes = 12;
const typeNumber = { A: 1, AAAA: 28 };
// A pointer to the question's name, RFC 1035 §4.1.4.
const pointerToQuestion = 0xc00c;

interface Refusal {
  readonly rcode: number;
  /** Where the question ends; the header's end where there is none to repeat. */
  readonly end?: number;
}

/** An answer without records. */
export function emptyAnswer(query: Buffer, { rcode: code, end = headerBytes }: Refusal): Buffer {
  const answer = Buffer.from(query.subarray(0, end));
  // Opcode and "recursion desired" are given back as they came.
  answer[2] = response | ((answer[2] ?? 0) & (0x78 | kept));
  answer[3] = recursionAvailable | code;
  answer.writeUInt16BE(end > headerBytes ? 1 : 0, 4);
  answer.fill(0, 6, headerBytes);
  return answer;
}

interface Addresses {
  readonly end: number;
  readonly type: 'A' | 'AAAA';
  /** Canonical addresses of that family. */
  readonly addresses: readonly string[];
}

/** An answer with addresses; without any it says that the name has none of this type. */
export function addressAnswer(query: Buffer, { end, type, addresses }: Addresses): Buffer {
  const head = emptyAnswer(query, { rcode: rcode.noError, end });
  head.writeUInt16BE(addresses.length, 6);
  return Buffer.concat([head, ...addresses.map((address) => record(type, address))]);
}

function record(type: 'A' | 'AAAA', text: string): Buffer {
  const bytes = addressBytes(text);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(pointerToQuestion, 0);
  head.writeUInt16BE(typeNumber[type], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(answerTtlS, 6);
  head.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([head, bytes]);
}

function addressBytes(text: string): Buffer {
  const { family, groups } = parseAddress(text) ?? { family: 4, groups: [0] };
  const bytes = Buffer.alloc(family === 4 ? 4 : 16);
  if (family === 4) bytes.writeUInt32BE(groups[0] ?? 0);
  else for (const [at, group] of groups.entries()) bytes.writeUInt16BE(group, at * 2);
  return bytes;
}
