// What a collector states about its stream, and signs: the run hash up to a record, and its losses.
import { createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';

const hashBytes = 32;

/** h = SHA-256(h ‖ SHA-256(body)) over a stream's bodies, from 32 zero bytes (`sealing.md`). */
export class RunHash {
  /** The running hash and, behind it, the next body's: what is hashed next. */
  readonly #buffer = Buffer.alloc(2 * hashBytes);

  add(body: Buffer): void {
    this.#buffer.write(hash('sha256', body, 'binary'), hashBytes, 'latin1');
    this.#buffer.write(hash('sha256', this.#buffer, 'binary'), 0, 'latin1');
  }

  hex(): string {
    return this.#buffer.toString('hex', 0, hashBytes);
  }
}

/** What a heartbeat states; `seen` counts the records up to `upToSeq` and those that were lost. */
export interface Statement {
  readonly upToSeq: string;
  readonly runHash: string;
  readonly seen: string;
  readonly dropped: string;
}

/** An epoch's key: it lives in memory alone and dies with the process. */
export interface EpochKey {
  /** Ed25519 public key, 32 bytes in base64 (RFC 8032). */
  readonly publicKey: string;
  /** Signs a stream's statement; the signature in base64. */
  sign(stream: string, statement: Statement): string;
}

/** A new key. */
export function createEpochKey(): EpochKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: rawPublicKey(privateKey),
    sign(stream, { upToSeq, runHash, seen, dropped }) {
      const text = `sandtrail-heartbeat-v1\n${stream}\n${upToSeq}\n${runHash}\n${seen}\n${dropped}\n`;
      return sign(null, Buffer.from(text), privateKey).toString('base64');
    },
  };
}

/** The last 32 bytes of the key's SubjectPublicKeyInfo are the key itself (RFC 8410). */
function rawPublicKey(privateKey: KeyObject): string {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return spki.subarray(spki.length - 32).toString('base64');
}
