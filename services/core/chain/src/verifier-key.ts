// Verifier keys of signed notes: the public text `name+hash+base64` that a user pins.
import { createHash, type KeyObject } from 'node:crypto';
import { decodeBase64, publicKeyOf, rawPublicKey } from './ed25519.ts';

/** Signature type of Ed25519 (C2SP signed-note, "Signature types"). */
const ed25519Type = 0x01;
const keyIdBytes = 4;

/** A key that is believed. Name and key id together identify it. */
export interface VerifierKey {
  readonly name: string;
  /** 8 hexadecimal digits. */
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/** Why a text is not a key that can be used. */
export interface RefusedKey {
  readonly code: 'malformed' | 'alg_refused';
  readonly detail: string;
}

/** `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)[:4]` as 8 hexadecimal digits (C2SP signed-note). */
export function noteKeyId(name: string, rawKey: Uint8Array): string {
  const id = createHash('sha256').update(`${name}\n`).update(Buffer.of(ed25519Type)).update(rawKey);
  return id.digest().subarray(0, keyIdBytes).toString('hex');
}

/** True when a name may stand in a signature line: not empty, no space, no plus, no control. */
export function isKeyName(name: string): boolean {
  return name.length > 0 && name.length <= nameSizeMax && !/[\s+\p{Cc}]/u.test(name);
}

const nameSizeMax = 256;

/** Writes a verifier key: `name+hash+base64(0x01 ‖ public key)`. */
export function formatVerifierKey(name: string, key: KeyObject): string {
  const raw = rawPublicKey(key);
  const encoded = Buffer.concat([Buffer.of(ed25519Type), raw]).toString('base64');
  return `${name}+${noteKeyId(name, raw)}+${encoded}`;
}

/** Reads a verifier key, or says why it is none: another algorithm than Ed25519 is refused. */
export function parseVerifierKey(text: string): VerifierKey | RefusedKey {
  const [, name = '', keyId = '', base64 = ''] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/.exec(text) ?? [];
  const bytes = decodeBase64(base64);
  if (!isKeyName(name) || bytes === undefined || bytes.length < 2)
    return { code: 'malformed', detail: 'a verifier key is written name+hash+base64' };
  if (bytes[0] !== ed25519Type)
    return { code: 'alg_refused', detail: `key ${name} has type ${bytes[0]}, not Ed25519 (1)` };
  const raw = bytes.subarray(1);
  const publicKey = publicKeyOf(raw);
  if (publicKey === undefined)
    return { code: 'malformed', detail: `key ${name} is not an Ed25519 public key` };
  if (noteKeyId(name, raw) !== keyId)
    return { code: 'malformed', detail: `the hash of key ${name} does not belong to it` };
  return { name, keyId, publicKey };
}
