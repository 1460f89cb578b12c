// Webhooks: one signed CloudEvent a request, by which an outside scheduler or kill switch is told.
import * as z from 'zod';
import { DeliveryFailure } from '../delivery-failure.ts';
import { AbsolutePath, HttpUrl, sharedSettings, TlsFiles } from '../destination-settings.ts';
import { HttpPoster } from '../http-poster.ts';
import type { Message, Output, OutputParts, Verdict } from '../output.ts';
import { readToken } from '../secret-file.ts';
import { signWebhook, webhookKey } from '../webhook-signature.ts';

/** A URL and the secret that both sides share; findings and containment unless told otherwise. */
export const WebhookDestination = z.strictObject({
  type: z.literal('webhook'),
  url: HttpUrl,
  secretFile: AbsolutePath,
  /** After this an event must not be acted on any more; each attempt is signed anew. */
  expiresMs: z.int().min(1000).max(3_600_000).default(60_000),
  tls: TlsFiles.optional(),
  ...sharedSettings,
  kinds: sharedSettings.kinds.default(['finding', 'containment.']),
  batchRowsMax: sharedSettings.batchRowsMax.default(100),
});
export type WebhookDestination = z.infer<typeof WebhookDestination>;

const nonceBytes = 16;
const msPerSecond = 1000;
/** The receiver has understood, and will not have this one however often it comes. */
const refusals = new Set([400, 413, 415, 422]);

/** Opens the output. */
export function openWebhookOutput(settings: WebhookDestination, parts: OutputParts): Output {
  const poster = new HttpPoster(settings.tls);
  const send = async (message: Message, signal: AbortSignal): Promise<Verdict> => {
    const key = webhookKey(await readToken(settings.secretFile));
    const nowMs = Number(parts.clock.nowNs() / 1_000_000n);
    const body = cloudEvent(message, { settings, parts, nowMs });
    const timestamp = `${Math.floor(nowMs / msPerSecond)}`;
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': message.uid,
      'webhook-timestamp': timestamp,
      'webhook-signature': signWebhook({ id: message.uid, timestamp, body }, key),
    };
    const { status, retryAfterMs } = await poster.post({
      ...{ url: settings.url, headers, body, signal },
    });
    if (status >= 200 && status < 300) return 'delivered';
    if (refusals.has(status)) return { rejected: `status_${status}` };
    const detail = `status ${status}`;
    throw new DeliveryFailure('DESTINATION_REFUSED', { detail, retryAfterMs });
  };
  return {
    async deliver(messages, signal) {
      const verdicts: Verdict[] = [];
      for (const message of messages) {
        try {
          verdicts.push(await send(message, signal));
        } catch (error) {
          // What was taken before is not sent again.
          if (verdicts.length === 0) throw error;
          return messages.map((_, index) => verdicts[index] ?? 'again');
        }
      }
      return verdicts;
    },
    close: async () => poster.close(),
  };
}

interface Sending {
  readonly settings: WebhookDestination;
  readonly parts: OutputParts;
  readonly nowMs: number;
}

/** CloudEvents 1.0 in JSON; `nonce` and `expires` are extensions, and signed as all of it is. */
function cloudEvent(message: Message, { settings, parts, nowMs }: Sending): string {
  const { uid, kind, sandbox, timeMs, text } = message;
  const attributes = JSON.stringify({
    specversion: '1.0',
    id: uid,
    source: `urn:sandtrail:${parts.node}`,
    type: `sandtrail.${kind}`,
    subject: sandbox,
    time: new Date(timeMs).toISOString(),
    datacontenttype: 'application/json',
    nonce: parts.random(nonceBytes).toString('hex'),
    expires: new Date(nowMs + settings.expiresMs).toISOString(),
  });
  return `${attributes.slice(0, -1)},"data":${text}}`;
}
