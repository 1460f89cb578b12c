// Makes, signs and reads back containment requests: the exact JSON text is what is signed.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { signContainment, verifyContainment } from '@sandtrail/chain/containment-signature';
import type { Clock, Random } from '@sandtrail/runtime/clock';
import { ContainmentRequest, type SignedRequest } from '@sandtrail/schemas/containment';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import * as z from 'zod';

/** What identifies an act: the same four are the same act, however often it is asked for. */
export interface ActIdentity {
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
  readonly level: ContainmentRequest['level'];
  readonly incident: string;
}

/** What a request says beside its identity. */
export type RequestTerms = ActIdentity &
  Pick<ContainmentRequest, 'act' | 'reason' | 'requester'> & { readonly approvedBy?: string };

/** A request and the text that was signed. */
export interface MadeRequest {
  readonly request: ContainmentRequest;
  readonly signed: SignedRequest;
}

/** The wire form of a request, as it stands in `containment.requested`. */
export type RequestWire = z.input<typeof ContainmentRequest>;

/** The idempotency key: SHA-256 over the four, one a line. */
export function actId({ sandbox, incarnation, level, incident }: ActIdentity): string {
  const text = [sandbox, incarnation, level, incident].join('\n');
  return createHash('sha256').update(text).digest('hex');
}

interface RequestSignerOptions {
  /** The responder's Ed25519 private key. */
  readonly privateKey: KeyObject;
  readonly clock: Clock;
  readonly random: Random;
}

const nonceBytes = 16;

/** Signs requests and knows its own signature again. */
export class RequestSigner {
  readonly #options: RequestSignerOptions;
  readonly #publicKey: KeyObject;

  constructor(options: RequestSignerOptions) {
    this.#options = options;
    this.#publicKey = createPublicKey(options.privateKey);
  }

  /** A fresh request that expires `lifetimeMs` from now. */
  make(terms: RequestTerms, lifetimeMs: number): MadeRequest {
    const nowNs = this.#options.clock.nowNs();
    const request = ContainmentRequest.decode({
      v: 1,
      id: actId(terms),
      ...terms,
      reason: terms.reason.slice(0, reasonSizeMax),
      requestedAtNs: nowNs.toString(),
      expiresAtNs: (nowNs + BigInt(lifetimeMs) * 1_000_000n).toString(),
      nonce: this.#options.random(nonceBytes).toString('hex'),
    });
    return { request, signed: this.sign(request) };
  }

  sign(request: ContainmentRequest): SignedRequest {
    return signContainment(requestText(request), this.#options.privateKey);
  }

  /** True when this responder signed exactly this request, and its id is the one of its terms. */
  isOwn(request: ContainmentRequest, signature: Partial<SignedRequest>): boolean {
    const { keyId, signature: bytes } = signature;
    if (keyId === undefined || bytes === undefined || request.id !== actId(request)) return false;
    const signed = { request: requestText(request), keyId, signature: bytes };
    return verifyContainment(signed, this.#publicKey);
  }
}

const reasonSizeMax = 512;

/** A request in wire form: 64-bit values as strings, fields in the schema's order. */
export function requestWire(request: ContainmentRequest): RequestWire {
  return z.encode(ContainmentRequest, request);
}

function requestText(request: ContainmentRequest): string {
  return JSON.stringify(requestWire(request));
}
