// Ed25519 keys as raw bytes, which is how notes and events carry them, and as Node's key objects.
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

const rawKeyBytes = 32;
/** Every Ed25519 signature has this size. */
export const signatureSizeBytes = 64;

/** PKCS #8 around a 32-byte seed (RFC 8410, 7): the same bytes for every key. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A public key from its 32 bytes (RFC 8032), or undefined where they are not a key. */
export function publicKeyOf(raw: Uint8Array): KeyObject | undefined {
  if (raw.length !== rawKeyBytes) return undefined;
  const x = Buffer.from(raw).toString('base64url');
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch (error) {
    // Node refuses what is not a point; any other failure is not about these bytes.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** A private key from its 32-byte seed (RFC 8032). */
export function privateKeyOfSeed(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([pkcs8Prefix, seed]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** The 32 bytes of a public key, or of the public half of a private one. */
export function rawPublicKey(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** Signs the bytes; 64 bytes. Deterministic: the same key and bytes give the same signature. */
export function signBytes(bytes: Uint8Array, privateKey: KeyObject): Buffer {
  return sign(null, bytes, privateKey);
}

/** What was signed, and by which signature. */
export interface SignedBytes {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** True when the signature over the bytes is this key's; false, never an error, on anything else. */
export function verifyBytes({ bytes, signature }: SignedBytes, publicKey: KeyObject): boolean {
  return signature.length === signatureSizeBytes && verify(null, bytes, publicKey, signature);
}

/** Base64 as RFC 4648, 4 writes it, or undefined: no other spelling of the same bytes is taken. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
