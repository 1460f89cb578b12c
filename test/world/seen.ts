// What a test's product recorded about one sandbox, as its feed has seen it so far.
import type { Feed, Seen } from '@sandtrail/local/tour/feed';
import type { Body, BodyOf } from '@sandtrail/schemas/events';
import type { Finding } from '@sandtrail/schemas/finding';

type Kind = Body['kind'];

interface About {
  readonly feed: Feed;
}

/** All records of one kind about a sandbox. */
export function recordsOf<K extends Kind>(
  { feed }: About,
  uid: string,
  kind: K,
): readonly BodyOf<K>[] {
  const isOf = (body: Body): body is BodyOf<K> => body.kind === kind;
  return feed
    .all(({ sandbox }) => sandbox === uid)
    .map(({ body }) => body)
    .filter(isOf);
}

/** All findings about a sandbox. */
export function findingsOf(about: About, uid: string): readonly Finding[] {
  return recordsOf(about, uid, 'finding').map(({ finding }) => finding);
}

/** The first record of one kind about a sandbox, past or coming; throws when none comes. */
export async function awaitRecord<K extends Kind>(
  { feed }: About,
  uid: string,
  kind: K,
  { withinMs = 10_000, fits = () => true }: Awaiting<K> = {},
): Promise<{ readonly body: BodyOf<K>; readonly afterMs: number }> {
  const isWanted = (seen: Seen): seen is Seen & { readonly body: BodyOf<K> } =>
    seen.sandbox === uid && isOfKind(seen.body, kind) && fits(seen.body);
  const seen = await feed.find(isWanted, withinMs);
  if (seen === undefined || !isWanted(seen)) {
    const kinds = [...new Set(feed.all(({ sandbox }) => sandbox === uid).map((s) => s.body.kind))];
    throw new Error(`no ${kind} within ${withinMs} ms; there were ${kinds.join(', ')}`);
  }
  return seen;
}

interface Awaiting<K extends Kind> {
  readonly withinMs?: number;
  readonly fits?: (body: BodyOf<K>) => boolean;
}

function isOfKind<K extends Kind>(body: Body, kind: K): body is BodyOf<K> {
  return body.kind === kind;
}
