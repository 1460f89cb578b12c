// The signature of a heartbeat: a collector's statement about its stream so far.
import type { KeyObject } from 'node:crypto';
import { decodeBase64, signBytes, verifyBytes } from './ed25519.ts';

/** What `collector.heartbeat` and `collector.stopped` state; numbers are decimal strings. */
export interface Attestation {
  readonly stream: string;
  readonly upToSeq: string;
  /** 64 hexadecimal digits. */
  readonly runHash: string;
  readonly seen: string;
  readonly dropped: string;
}

/** The signed text, as `schemas/events/collector-heartbeat.ts` documents it. */
export function heartbeatText(attestation: Attestation): string {
  const { stream, upToSeq, runHash, seen, dropped } = attestation;
  return `sandtrail-heartbeat-v1\n${stream}\n${upToSeq}\n${runHash}\n${seen}\n${dropped}\n`;
}

/** Signs an attestation; the signature in base64. */
export function signHeartbeat(attestation: Attestation, privateKey: KeyObject): string {
  return signBytes(Buffer.from(heartbeatText(attestation)), privateKey).toString('base64');
}

/** True when `signature` (base64) over the attestation is this key's. */
export function verifyHeartbeat(
  attestation: Attestation & { readonly signature: string },
  publicKey: KeyObject,
): boolean {
  const signature = decodeBase64(attestation.signature);
  if (signature === undefined) return false;
  return verifyBytes({ bytes: Buffer.from(heartbeatText(attestation)), signature }, publicKey);
}
