// Elasticsearch and OpenSearch by `_bulk`: `create` under the event's own id, so that twice is once.
import * as z from 'zod';
import { DeliveryFailure } from '../delivery-failure.ts';
import { AbsolutePath, HttpUrl, sharedSettings, TlsFiles } from '../destination-settings.ts';
import { type HttpAnswer, HttpPoster } from '../http-poster.ts';
import type { Message, Output, Verdict } from '../output.ts';
import { readToken } from '../secret-file.ts';

/** A cluster's URL and an index (or an alias of one). */
export const ElasticDestination = z
  .strictObject({
    type: z.literal('elastic'),
    url: HttpUrl,
    index: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,127}$/)
      .default('sandtrail'),
    /** An API key or a bearer token. */
    tokenFile: AbsolutePath.optional(),
    tokenScheme: z.enum(['ApiKey', 'Bearer']).default('ApiKey'),
    user: z.string().min(1).max(128).optional(),
    passwordFile: AbsolutePath.optional(),
    tls: TlsFiles.optional(),
    ...sharedSettings,
  })
  .refine(({ user, passwordFile }) => (user === undefined) === (passwordFile === undefined), {
    message: 'user and passwordFile go together',
  });
export type ElasticDestination = z.infer<typeof ElasticDestination>;

const BulkAnswer = z.object({
  errors: z.boolean(),
  items: z
    .array(
      z.object({
        create: z.object({
          status: z.int(),
          error: z.object({ type: z.string() }).optional(),
        }),
      }),
    )
    .optional(),
});

const codePattern = /^[a-z0-9_.]{1,100}$/;

/** Opens the output. */
export function openElasticOutput(settings: ElasticDestination): Output {
  const poster = new HttpPoster(settings.tls);
  const url = new URL('_bulk', settings.url.endsWith('/') ? settings.url : `${settings.url}/`);
  url.searchParams.set('filter_path', 'errors,items.*.status,items.*.error.type');
  const post = async (messages: readonly Message[], signal: AbortSignal) => {
    const authorization = await authorizationOf(settings);
    const headers = { 'content-type': 'application/x-ndjson', ...authorization };
    const body = messages.map((message) => bulkLines(settings.index, message)).join('');
    return poster.post({ url: url.href, headers, body, signal });
  };
  const deliver = async (
    messages: readonly Message[],
    signal: AbortSignal,
  ): Promise<readonly Verdict[]> => {
    const answer = await post(messages, signal);
    if (answer.status === 200) return verdictsOf(answer.body, messages.length);
    const isTooMuch = answer.status === 413 || answer.status === 400;
    if (!isTooMuch) throw refusal(answer);
    if (messages.length === 1) return [{ rejected: `status_${answer.status}` }];
    const half = Math.ceil(messages.length / 2);
    const first = await deliver(messages.slice(0, half), signal);
    return [...first, ...(await deliver(messages.slice(half), signal))];
  };
  return { deliver, close: async () => poster.close() };
}

async function authorizationOf(settings: ElasticDestination) {
  const { tokenFile, tokenScheme, user, passwordFile } = settings;
  if (tokenFile !== undefined)
    return { authorization: `${tokenScheme} ${await readToken(tokenFile)}` };
  if (user === undefined || passwordFile === undefined) return {};
  const pair = Buffer.from(`${user}:${await readToken(passwordFile)}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

function bulkLines(index: string, { uid, text }: Message): string {
  return `${JSON.stringify({ create: { _index: index, _id: uid } })}\n${text}\n`;
}

function verdictsOf(body: string, count: number): readonly Verdict[] {
  const answer = BulkAnswer.safeParse(parsed(body));
  if (!answer.success)
    throw new DeliveryFailure('DESTINATION_REFUSED', { detail: 'the answer is no bulk answer' });
  const { errors, items = [] } = answer.data;
  if (!errors) return Array<Verdict>(count).fill('delivered');
  if (items.length !== count)
    throw new DeliveryFailure('DESTINATION_REFUSED', { detail: 'the answer misses items' });
  return items.map(({ create }) => verdictOf(create.status, create.error?.type));
}

/** 409: it is there already. 429 and the server's own faults pass; other refusals do not. */
function verdictOf(status: number, type: string | undefined): Verdict {
  if (status < 300 || status === 409) return 'delivered';
  if (status === 429 || status >= 500) return 'again';
  const isCode = type !== undefined && codePattern.test(type);
  return { rejected: isCode ? type : `status_${status}` };
}

function refusal({ status, retryAfterMs }: HttpAnswer): DeliveryFailure {
  return new DeliveryFailure('DESTINATION_REFUSED', { detail: `status ${status}`, retryAfterMs });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
