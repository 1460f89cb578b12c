// Takes another product's feed in by the normal way: a kit and a host's grant, or the sandbox's socket.
import { readFileSync } from 'node:fs';
import { hostFeeds } from '@sandtrail/host/feeds';
import type { Feed, FeedEntry } from '@sandtrail/kit/feed';
import { sandboxFeeds } from '@sandtrail/sandbox/feeds';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { FeedEnd, FeedWriter } from './feed-writer.ts';
import { openHostFeed } from './host-feed-writer.ts';
import { keyFilesOf } from './keys.ts';
import type { Surroundings } from './role.ts';
import { endSandbox } from './sandbox-door.ts';
import { openSandboxFeed } from './sandbox-feed-writer.ts';

/** What an ingest reads, and about whom it is. */
export interface IngestOptions {
  readonly surroundings: Surroundings;
  readonly source: string;
  readonly sandbox: SandboxUid;
  readonly incarnation: number;
  /** The sandbox is made for this feed, and over with it. */
  readonly isOwn: boolean;
  readonly lines: AsyncIterable<string>;
  readonly lineSizeMax: number;
  /** Hears of each entry that became no record, with the number of its line. */
  readonly onRefused: (refused: RefusedEntry) => void;
  /** Hears now and then how far it is. */
  readonly onProgress: (summary: IngestSummary) => void;
}

/** One entry that became no record. */
export interface RefusedEntry {
  readonly line: number;
  readonly reason: string;
  readonly detail: string;
}

/** What became of a feed: received = passed + the sum of refused. */
export interface IngestSummary {
  readonly source: string;
  readonly sandbox: SandboxUid;
  readonly lines: number;
  readonly received: number;
  readonly passed: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Records made of what passed; an entry may be several. */
  readonly records: number;
  /** Records that wait in the spool, since the gateway was away: the next ingest sends them. */
  readonly waiting: number;
  /** What the source says it lost itself; each is a `collector.gap` where a host's feed tells it. */
  readonly lost: string;
}

const feeds: readonly Feed[] = [...hostFeeds, ...sandboxFeeds];
const progressLines = 5_000;

/** The names of the sources. */
export const feedNames: readonly string[] = feeds.map(({ name }) => name);

/**
 * Reads to the end of the lines. The product must be running.
 * @throws SandtrailError `GATEWAY_UNREACHABLE`, `GATEWAY_REFUSED`, `DATA_DIR_IN_USE`
 */
export async function ingest(options: IngestOptions): Promise<IngestSummary> {
  const feed = feeds.find(({ name }) => name === options.source);
  if (feed === undefined) throw new TypeError(`no feed ${options.source}`);
  const open = hostFeeds.includes(feed) ? openHostFeed : openSandboxFeed;
  const writer = await open({ ...options, feed });
  const tally = new Tally(options);
  try {
    for await (const line of options.lines) {
      tally.line();
      if (line.trim() === '') continue;
      for (const entry of entriesOf(line, { feed, options })) await take(entry, writer, tally);
      if (tally.lines % progressLines === 0) options.onProgress(tally.summary());
    }
  } finally {
    tally.end(await writer.close());
    if (options.isOwn) await endLife(options);
  }
  return tally.summary();
}

async function endLife({ surroundings, sandbox: uid, incarnation }: IngestOptions): Promise<void> {
  const { layout } = surroundings;
  const token = readFileSync(keyFilesOf(layout).hostToken, 'utf8');
  await endSandbox({ layout, token }, { uid, incarnation });
}

interface Reading {
  readonly feed: Feed;
  readonly options: IngestOptions;
}

function entriesOf(line: string, { feed, options }: Reading): readonly FeedEntry[] {
  const { lineSizeMax, surroundings } = options;
  if (line.length > lineSizeMax) return [{ refused: 'malformed', detail: 'the line is too long' }];
  return feed.read(line, surroundings.clock.nowNs());
}

async function take(entry: FeedEntry, writer: FeedWriter, tally: Tally): Promise<void> {
  if ('refused' in entry) {
    tally.refuse(entry.refused, entry.detail);
  } else if ('lost' in entry) {
    writer.lost(entry);
    tally.lost(entry.lost);
  } else {
    for (const observation of entry.observations) {
      const refusal = await writer.write(observation);
      if (refusal === undefined) continue;
      tally.refuse(...refusal);
      return;
    }
    tally.pass(entry.observations.length);
  }
}

/** Counts what became of each entry. */
class Tally {
  readonly #options: IngestOptions;
  readonly #refused = new Map<string, number>();
  #passed = 0;
  #records = 0;
  #lost = 0n;
  #waiting = 0;
  lines = 0;

  constructor(options: IngestOptions) {
    this.#options = options;
  }

  line(): void {
    this.lines += 1;
  }

  pass(records: number): void {
    this.#passed += 1;
    this.#records += records;
  }

  /** A word of the source about its losses passes too. */
  lost(count: bigint): void {
    this.#passed += 1;
    this.#lost += count;
  }

  refuse(reason: string, detail: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    this.#options.onRefused({ line: this.lines, reason, detail });
  }

  /** No line is known of these: they are told by their number. */
  end({ waiting, refused }: FeedEnd): void {
    this.#waiting = waiting;
    for (const [reason, count] of Object.entries(refused)) {
      const late = Math.min(count, this.#passed);
      this.#passed -= late;
      this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + late);
    }
  }

  summary(): IngestSummary {
    const { source, sandbox } = this.#options;
    const refused = Object.fromEntries(this.#refused);
    const refusals = [...this.#refused.values()].reduce((sum, count) => sum + count, 0);
    return {
      ...{ source, sandbox, lines: this.lines },
      received: this.#passed + refusals,
      passed: this.#passed,
      refused,
      records: this.#records,
      waiting: this.#waiting,
      lost: `${this.#lost}`,
    };
  }
}
