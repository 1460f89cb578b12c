// Rows of the store as batches for one lane: filtered, mapped, redacted and cut to size.
import type { SealedRow } from '@sandtrail/chain/row';
import type { StoreReader } from '@sandtrail/store/store';
import { isWanted } from './event-filter.ts';
import { fit } from './fit.ts';
import type { MessageCache } from './message-cache.ts';
import { severityOf } from './ocsf/severity.ts';
import { recordUid, toOcsf, toUnreadable } from './ocsf/to-ocsf.ts';
import type { Message } from './output.ts';
import type { Destination } from './outputs.ts';
import { redact } from './redact.ts';
import { readSealedRow } from './sealed-event.ts';
import type { Due } from './tide.ts';

/** Consecutive rows of some chains, ready to send. */
export interface Batch {
  readonly messages: readonly Message[];
  /** Rows that were read; those that became no message were filtered. */
  readonly received: number;
  /** The next position of each chain, once this batch is done. */
  readonly ends: ReadonlyMap<string, bigint>;
  /** When the oldest of it happened; undefined for an empty one. */
  readonly oldestMs: number | undefined;
}

type Settings = Pick<
  Destination,
  | 'kinds'
  | 'exceptKinds'
  | 'severityMin'
  | 'redact'
  | 'messageBytesMax'
  | 'batchRowsMax'
  | 'batchBytesMax'
>;

interface Reading {
  readonly store: Pick<StoreReader, 'rowBatches'>;
  readonly settings: Settings;
  readonly cache: MessageCache;
  readonly signal: AbortSignal;
}

/**
 * One batch of what is due: every chain gets its share, so that a long one does not hold up the
 * others, and each is read in order. A position that was written twice counts once.
 */
export async function readBatch(dues: readonly Due[], reading: Reading): Promise<Batch> {
  const { batchRowsMax, batchBytesMax } = reading.settings;
  const share = BigInt(Math.max(1, Math.floor(batchRowsMax / dues.length)));
  const messages: Message[] = [];
  const ends = new Map<string, bigint>();
  let received = 0;
  let sizeBytes = 0;
  for (const { chain, from, to } of dues) {
    if (sizeBytes >= batchBytesMax) break;
    const last = from + share - 1n < to ? from + share - 1n : to;
    for await (const { row, before } of rowsOf(chain, { from, to: last }, reading)) {
      const message = toMessage(chain, row, before, reading);
      received += 1;
      ends.set(chain, row.pos + 1n);
      if (message === undefined) continue;
      messages.push(message);
      sizeBytes += message.text.length;
      if (sizeBytes >= batchBytesMax) break;
    }
  }
  return { messages, received, ends, oldestMs: messages[0]?.timeMs };
}

/** The message of one row alone, for a replay; undefined when the row is not there (any more). */
export async function readMessage(
  at: { readonly chain: string; readonly pos: bigint },
  reading: Reading,
): Promise<Message | undefined> {
  const { chain, pos } = at;
  for await (const { row, before } of rowsOf(chain, { from: pos, to: pos }, reading))
    return toMessage(chain, row, before, reading);
  return undefined;
}

interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

/** Rows from `from` on, each once and with the link before it: so the read begins one row earlier. */
async function* rowsOf(chain: string, { from, to }: Range, { store, signal }: Reading) {
  const start = from === 0n ? 0n : from - 1n;
  let before: Buffer | undefined;
  let next = from;
  for await (const rows of store.rowBatches({ chain, from: start, to, signal })) {
    for (const row of rows) {
      if (row.pos >= next) yield { row, before };
      if (row.pos >= next) next = row.pos + 1n;
      before = row.link;
    }
  }
}

/** The row as this destination gets it; undefined when it does not want it. */
function toMessage(
  chain: string,
  row: SealedRow,
  before: Buffer | undefined,
  { settings, cache }: Reading,
): Message | undefined {
  const isWhole = settings.redact.length === 0;
  const known = isWhole ? cache.get(recordUid({ chain, pos: row.pos })) : undefined;
  if (known !== undefined && known.text.length <= settings.messageBytesMax)
    return isWanted(known, settings) ? known : undefined;
  const { about, ocsf } = eventOf(chain, row, before);
  if (!isWanted(about, settings)) return undefined;
  const text = fit(redact(ocsf(), settings.redact), settings.messageBytesMax);
  const message = { ...about, text };
  if (isWhole) cache.put(message);
  return message;
}

/** What a row is about, and how it becomes OCSF: nobody pays for that who does not want it. */
function eventOf(chain: string, row: SealedRow, before: Buffer | undefined) {
  const event = readSealedRow(chain, row, before);
  const place = { uid: recordUid(event.seal), chain, pos: row.pos };
  if (!('body' in event)) {
    const { seal, headerText, bodyText } = event;
    const unknown = {
      kind: 'unreadable',
      sandbox: 'unknown',
      severity: 'high',
      timeMs: 0,
    } as const;
    return {
      about: { ...place, ...unknown },
      ocsf: () => toUnreadable(seal, headerText, bodyText),
    };
  }
  const { body, header } = event;
  const about = {
    ...{ ...place, kind: body.kind, sandbox: header.sandbox, severity: severityOf(body) },
    timeMs: Number(BigInt(header.timeNs) / 1_000_000n),
  };
  return { about, ocsf: () => toOcsf(event) };
}
