// Signed notes (C2SP signed-note): a text and the signatures under it.
import type { KeyObject } from 'node:crypto';
import { decodeBase64, rawPublicKey, signBytes, verifyBytes } from './ed25519.ts';
import { isKeyName, noteKeyId, type VerifierKey } from './verifier-key.ts';

/** Largest note that is read, in UTF-16 units; the specification asks for room for 16 signatures. */
export const noteSizeMax = 65_536;
const signaturesMax = 100;
const keyIdBytes = 4;

/** One signature line. */
export interface NoteSignature {
  readonly name: string;
  /** 8 hexadecimal digits. */
  readonly keyId: string;
  readonly signature: Buffer;
}

/** A note, read but not yet believed. `text` ends in a newline and is what was signed. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Who signs a note. */
export interface NoteSigner {
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** What became of a note's signatures. */
export type NoteVerdict =
  | { readonly code: 'verified'; readonly text: string; readonly by: VerifierKey }
  | { readonly code: 'unknown_key' | 'bad_signature'; readonly detail: string };

/**
 * Signs a text that ends in a newline: the note as it is stored and sent.
 * @example signNote('example.com/log\n0\n47DE…=\n', { name: 'example.com/log', privateKey })
 */
export function signNote(text: string, { name, privateKey }: NoteSigner): string {
  if (!isNoteText(text)) throw new TypeError('a note text is lines, each ended by a newline');
  if (!isKeyName(name)) throw new TypeError('a key name is not empty and has no space and no plus');
  const keyId = Buffer.from(noteKeyId(name, rawPublicKey(privateKey)), 'hex');
  const signature = signBytes(Buffer.from(text), privateKey);
  return `${text}\n— ${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`;
}

/** Reads a note, or says in words why the text is none. */
export function parseNote(note: string): Note | string {
  if (note.length > noteSizeMax) return `the note is longer than ${noteSizeMax}`;
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return 'the note has no signature lines';
  const text = note.slice(0, split + 1);
  if (!isNoteText(text)) return 'the note text has control characters or is not well-formed';
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > signaturesMax) return `the note has more than ${signaturesMax} signatures`;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignature(line);
    if (signature === undefined) return 'a signature line is malformed';
    signatures.push(signature);
  }
  return { text, signatures };
}

/**
 * Judges a note against the pinned keys: lines of unknown keys are passed over, a known key's line
 * that fails refuses the whole note, and at least one known key must have signed.
 */
export function verifyNote(note: Note, keys: readonly VerifierKey[]): NoteVerdict {
  const bytes = Buffer.from(note.text);
  let by: VerifierKey | undefined;
  for (const { name, keyId, signature } of note.signatures) {
    const key = keys.find((known) => known.name === name && known.keyId === keyId);
    if (key === undefined) continue;
    if (!verifyBytes({ bytes, signature }, key.publicKey))
      return { code: 'bad_signature', detail: `the signature of ${name} is not over this note` };
    by ??= key;
  }
  if (by !== undefined) return { code: 'verified', text: note.text, by };
  const names = note.signatures.slice(0, 4).map(({ name, keyId }) => `${name}+${keyId}`);
  return { code: 'unknown_key', detail: `signed by ${names.join(', ')}, which is not pinned` };
}

/** Ends in a newline, well-formed, and no control character but newlines. */
function isNoteText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !/[\0-\x09\x0b-\x1f]/.test(text);
}

function parseSignature(line: string): NoteSignature | undefined {
  const [, name = '', base64 = ''] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
  const bytes = decodeBase64(base64);
  if (!isKeyName(name) || bytes === undefined || bytes.length <= keyIdBytes) return undefined;
  return {
    name,
    keyId: bytes.subarray(0, keyIdBytes).toString('hex'),
    signature: bytes.subarray(keyIdBytes),
  };
}
