// Writes a sealed log as an export bundle: a manifest, then one line for each row.
import type { BundleChain, BundleManifest } from '@sandtrail/schemas/bundle';
import type { SealedRow } from './row.ts';
import { sealingTopic } from './verify-chain.ts';

/** One chain to export: which, how much of it, and its rows in order of position. */
export interface ChainExport extends BundleChain {
  readonly rows: AsyncIterable<SealedRow>;
}

/** What a bundle is made of. */
export interface BundleOptions {
  readonly log: string;
  readonly chains: readonly ChainExport[];
  /** Signed notes that are known of these chains. */
  readonly heads: readonly string[];
}

/**
 * The bundle's lines, each without its newline. Chains of topic `control` come first, since they
 * hold the checkpoints of the others. Rows beyond a chain's stated `count` are left out, so that a
 * log may grow while it is exported; a reader names those that are missing.
 */
export async function* writeBundle(options: BundleOptions): AsyncGenerator<string> {
  const rank = ({ topic }: ChainExport) => (topic === sealingTopic ? 0 : 1);
  const chains = options.chains.toSorted((a, b) => rank(a) - rank(b));
  yield JSON.stringify(manifestOf(options, chains));
  for (const [c, { rows, first, count }] of chains.entries()) {
    for await (const row of rows) {
      if (row.pos >= first + count) break;
      yield formatRow(c, row);
    }
  }
}

/** The manifest in its wire form: 64-bit numbers as strings. */
function manifestOf({ log, heads }: BundleOptions, chains: readonly ChainExport[]) {
  const manifest: Omit<BundleManifest, 'chains'> = {
    sandtrail: 'bundle',
    v: 1,
    log,
    heads: [...heads],
  };
  const listed = chains.map(({ chain, log: name, topic, partition, first, count }) => ({
    chain,
    log: name,
    topic,
    partition,
    first: first.toString(),
    count: count.toString(),
  }));
  return { ...manifest, chains: listed };
}

function formatRow(c: number, { pos, offset, header, body, link }: SealedRow): string {
  return JSON.stringify({
    c,
    pos: pos.toString(),
    offset: offset.toString(),
    ...part('header', header),
    ...part('body', body),
    ...(link === undefined ? {} : { link: link.toString('base64') }),
  });
}

/** Bytes that are valid UTF-8 stand as text, for people; others in base64. */
function part(name: 'header' | 'body', bytes: Buffer): Readonly<Record<string, string>> {
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return { [name]: text };
  return { [`${name}Base64`]: bytes.toString('base64') };
}
