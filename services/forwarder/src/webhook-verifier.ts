// The receiver's side of a webhook: whether it is genuine, in time and new. Ships for schedulers to use.
import type { Clock } from '@sandtrail/runtime/clock';
import { SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';
import { isSignedBy, webhookKey } from './webhook-signature.ts';

/** A CloudEvent (CloudEvents 1.0, JSON) that carries one OCSF event. */
export const WebhookEvent = z.looseObject({
  specversion: z.literal('1.0'),
  /** `chain:position`: the same event, sent again after a lost answer, has the same id. */
  id: z.string().min(1).max(256),
  source: z.string().min(1),
  /** `sandtrail.` and the kind of event. */
  type: z.string().min(1),
  subject: z.string(),
  time: z.iso.datetime(),
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  expires: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
});
export type WebhookEvent = z.infer<typeof WebhookEvent>;

interface VerifierOptions {
  /** The shared secret, as it stands in the sender's `secretFile`. */
  readonly secret: string;
  readonly clock: Clock;
  /** How far the two clocks may differ. */
  readonly toleranceMs?: number;
  /** Nonces held at once; more within their lives are refused, not forgotten. */
  readonly noncesMax?: number;
}

/** A request as it came in: header names in lower case, the body's exact text. */
export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

const toleranceMsDefault = 60_000;
const noncesMaxDefault = 100_000;

/**
 * Verifies webhooks and remembers their nonces. Act on what `verify` returns, once for each `id`.
 * @example
 * const verifier = new WebhookVerifier({ secret, clock: systemClock });
 * const { type, subject } = verifier.verify({ headers: request.headers, body });
 */
export class WebhookVerifier {
  readonly #key: Buffer;
  readonly #options: VerifierOptions;
  /** Nonce → when it may be forgotten, oldest first. */
  readonly #nonces = new Map<string, number>();

  /** @throws SandtrailError `KEY_UNUSABLE` */
  constructor(options: VerifierOptions) {
    this.#key = webhookKey(options.secret);
    this.#options = options;
  }

  /**
   * The event, if it is genuine, in time and was not seen before.
   * @throws SandtrailError `WEBHOOK_FORGED`, `WEBHOOK_EXPIRED` or `WEBHOOK_REPLAYED`
   */
  verify({ headers, body }: WebhookRequest): WebhookEvent {
    const id = textOf(headers['webhook-id']);
    const timestamp = textOf(headers['webhook-timestamp']);
    const signature = textOf(headers['webhook-signature']);
    if (!isSignedBy({ id, timestamp, body }, signature, this.#key))
      throw new SandtrailError('WEBHOOK_FORGED', { detail: 'the signature does not fit' });
    const event = WebhookEvent.safeParse(parsed(body));
    if (!event.success || event.data.id !== id)
      throw new SandtrailError('WEBHOOK_FORGED', { detail: 'the body is no event of this id' });
    this.#checkTime(Number(timestamp) * 1000, Date.parse(event.data.expires));
    this.#remember(event.data.nonce, Date.parse(event.data.expires));
    return event.data;
  }

  #checkTime(sentMs: number, expiresMs: number): void {
    const { toleranceMs = toleranceMsDefault } = this.#options;
    const nowMs = this.#nowMs();
    const isTimely = nowMs <= expiresMs + toleranceMs && sentMs <= nowMs + toleranceMs;
    if (isTimely && sentMs <= expiresMs) return;
    throw new SandtrailError('WEBHOOK_EXPIRED', { detail: new Date(expiresMs).toISOString() });
  }

  #remember(nonce: string, expiresMs: number): void {
    const { toleranceMs = toleranceMsDefault, noncesMax = noncesMaxDefault } = this.#options;
    const nowMs = this.#nowMs();
    for (const [old, untilMs] of this.#nonces) if (untilMs < nowMs) this.#nonces.delete(old);
    if (this.#nonces.has(nonce)) throw new SandtrailError('WEBHOOK_REPLAYED', { detail: nonce });
    if (this.#nonces.size >= noncesMax)
      throw new SandtrailError('WEBHOOK_REPLAYED', { detail: 'too many at once to tell' });
    this.#nonces.set(nonce, expiresMs + toleranceMs);
  }

  #nowMs(): number {
    return Number(this.#options.clock.nowNs() / 1_000_000n);
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function textOf(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}
