// Admits a containment request by its signature, its expiry and its nonce, before anybody acts on it.
import { type KeyObject, verify } from 'node:crypto';
import type { Clock } from '@sandtrail/runtime/clock';
import { ContainmentRequest, type SignedRequest } from '@sandtrail/schemas/containment';
import { SandtrailError } from '@sandtrail/schemas/errors';

interface AdmissionOptions {
  /** Pinned Ed25519 public keys (RFC 8032) by their id. */
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly clock: Clock;
}

/** Opens signed requests. */
export interface RequestAdmission {
  /**
   * The request, when it may be acted on.
   * @throws SandtrailError `CONTAIN_BAD_SIGNATURE`, `CONTAIN_MALFORMED`, `CONTAIN_EXPIRED`, or
   * `CONTAIN_REPLAYED` when its nonce came with another request.
   */
  open(signed: SignedRequest): ContainmentRequest;
}

/** Nonces that are remembered; older than any request's expiry long before this many have come. */
const noncesMax = 4096;
/** Longest life of a request: one that claims more is refused, for its nonce could be forgotten. */
const lifetimeNsMax = 3_600_000_000_000n;

/** An admission that remembers nonces until their requests have expired. */
export function createRequestAdmission({ keys, clock }: AdmissionOptions): RequestAdmission {
  const nonces = new Map<string, { readonly id: string; readonly expiresAtNs: bigint }>();
  return {
    open(signed) {
      const request = readSigned(signed, keys);
      const now = clock.nowNs();
      const { id, nonce, expiresAtNs } = request;
      if (expiresAtNs <= now) throw new SandtrailError('CONTAIN_EXPIRED', { detail: id });
      if (expiresAtNs - now > lifetimeNsMax) {
        throw new SandtrailError('CONTAIN_MALFORMED', { detail: 'valid for more than an hour' });
      }
      const seen = nonces.get(nonce);
      if (seen !== undefined && seen.id !== id) {
        throw new SandtrailError('CONTAIN_REPLAYED', { detail: id });
      }
      for (const [old, { expiresAtNs: end }] of nonces) if (end <= now) nonces.delete(old);
      // A nonce that had to be forgotten could come again: refuse what is new instead.
      if (seen === undefined && nonces.size >= noncesMax) {
        throw new SandtrailError('CONTAIN_BUSY', { detail: `${noncesMax} requests are alive` });
      }
      nonces.set(nonce, { id, expiresAtNs });
      return request;
    },
  };
}

function readSigned(signed: SignedRequest, keys: AdmissionOptions['keys']): ContainmentRequest {
  const key = keys.get(signed.keyId);
  const bytes = Buffer.from(signed.request, 'utf8');
  const signature = Buffer.from(signed.signature, 'base64');
  if (key === undefined || !verify(null, bytes, key, signature)) {
    throw new SandtrailError('CONTAIN_BAD_SIGNATURE', { detail: `key ${signed.keyId}` });
  }
  const parsed = ContainmentRequest.safeParse(jsonOf(signed.request));
  if (!parsed.success) {
    const detail = parsed.error.issues[0]?.path.join('.') ?? 'request';
    throw new SandtrailError('CONTAIN_MALFORMED', { detail, cause: parsed.error });
  }
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SandtrailError('CONTAIN_MALFORMED', { detail: 'not JSON', cause });
  }
}
