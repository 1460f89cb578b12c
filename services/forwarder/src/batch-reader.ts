// Rows of the store as batches for one lane: filtered, mapped, redacted and cut to size.
import type { SealedRow } from '@sandtrail/chain/row';
import type { StoreReader } from '@sandtrail/store/store';
import { isWanted } from './event-filter.ts';
import { fit } from './fit.ts';
import { asciiText, type JsonObject, safeText } from './json.ts';
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
  | 'type'
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
      const message = toMessage(chain, row, before, reading.settings);
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
    return toMessage(chain, row, before, reading.settings);
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

function toMessage(
  chain: string,
  row: SealedRow,
  before: Buffer | undefined,
  settings: Settings,
): Message | undefined {
  const event = readSealedRow(chain, row, before);
  const uid = recordUid({ chain, pos: row.pos });
  const write = settings.type === 'syslog' ? asciiText : safeText;
  const text = (ocsf: JsonObject) =>
    fit(redact(ocsf, settings.redact), settings.messageBytesMax, write);
  if (!('body' in event)) {
    const ocsf = toUnreadable(event.seal, event.headerText, event.bodyText);
    const about = { kind: 'unreadable', sandbox: 'unknown', severity: 'high', timeMs: 0 } as const;
    return { uid, chain, pos: row.pos, ...about, text: text(ocsf) };
  }
  const { body, header } = event;
  if (!isWanted(body, settings)) return undefined;
  return {
    ...{ uid, chain, pos: row.pos, kind: body.kind, sandbox: header.sandbox },
    severity: severityOf(body),
    timeMs: Number(BigInt(header.timeNs) / 1_000_000n),
    text: text(toOcsf(event)),
  };
}
