// The signature of a containment request: over the exact JSON text that travels.
import type { KeyObject } from 'node:crypto';
import type { SignedRequest } from '@sandtrail/schemas/containment';
import { decodeBase64, rawPublicKey, signBytes, verifyBytes } from './ed25519.ts';
import { hexOf, sha256 } from './hash.ts';

const keyIdDigits = 16;

/** The id of a containment key: the first 16 hexadecimal digits of SHA-256 of its 32 bytes. */
export function containmentKeyId(key: KeyObject): string {
  return hexOf(sha256(rawPublicKey(key))).slice(0, keyIdDigits);
}

/** Signs the JSON text of a `ContainmentRequest`; whoever receives it parses these bytes only. */
export function signContainment(request: string, privateKey: KeyObject): SignedRequest {
  const signature = signBytes(Buffer.from(request), privateKey).toString('base64');
  return { request, keyId: containmentKeyId(privateKey), signature };
}

/** True when the request was signed by this key; what it asks for is judged apart from this. */
export function verifyContainment(signed: SignedRequest, publicKey: KeyObject): boolean {
  const signature = decodeBase64(signed.signature);
  if (signature === undefined || signed.keyId !== containmentKeyId(publicKey)) return false;
  return verifyBytes({ bytes: Buffer.from(signed.request), signature }, publicKey);
}
