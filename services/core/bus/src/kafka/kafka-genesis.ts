// Which log the topics are: what their first records say, written by whoever made the topics.
import type { Clock, Random } from '@sandtrail/runtime/clock';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { ControlGenesis } from '@sandtrail/schemas/events/control-genesis';
import { decodeFrame } from '@sandtrail/schemas/frame';
import type { LogReader, Place } from '../bus.ts';
import { genesisFrame } from '../genesis.ts';
import { placeName } from '../places.ts';

/** What `ensureGenesis` needs. */
export interface GenesisOptions {
  readonly reader: LogReader;
  readonly append: (place: Place, values: readonly Buffer[]) => Promise<bigint>;
  readonly places: readonly Place[];
  /** The log's name, part of every chain's identity. */
  readonly log: string;
  /** True for whoever made the topics: it writes at once. */
  readonly isMaker: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** So long is somebody else given who has made the topics; then it is taken for dead. */
const makerMs = 5000;
const lookMs = 100;

/**
 * Writes the first record of each empty place, and holds every other place's first record against
 * the log's name: topics that were copied from another cluster are another log.
 * @throws SandtrailError `BUS_FOREIGN`, and as the reader and `append`
 */
export async function ensureGenesis(options: GenesisOptions): Promise<void> {
  const untilMs = options.clock.monotonicMs() + (options.isMaker ? 0 : makerMs);
  for (const place of options.places) await ensurePlace(place, options, untilMs);
}

async function ensurePlace(place: Place, options: GenesisOptions, untilMs: number): Promise<void> {
  const { reader, append, log, clock, random, signal } = options;
  for (;;) {
    const { first, next } = await reader.bounds(place);
    if (next > 0n) return first === 0n ? await checkPlace(place, options) : undefined;
    if (clock.monotonicMs() >= untilMs) break;
    await pause(lookMs, signal);
  }
  await append(place, [genesisFrame({ log, place, clock, random })]);
}

async function checkPlace(place: Place, { reader, log }: GenesisOptions): Promise<void> {
  const [record] = await reader.read(place, { from: 0n, recordsMax: 1, sizeBytesMax: 1 });
  if (record === undefined || record.offset > 0n) return;
  const frame = decodeFrame(record.value);
  const text = typeof frame === 'string' ? '' : Buffer.from(frame.body).toString();
  const genesis = ControlGenesis.safeParse(parsed(text));
  if (!genesis.success) throw foreign(place, 'it does not begin with a genesis record');
  const { topic, partition } = genesis.data;
  if (topic !== place.topic || partition !== place.partition) {
    throw foreign(place, `its genesis record is that of ${topic}-${partition}`);
  }
  if (genesis.data.log !== log)
    throw foreign(place, `it is of the log ${genesis.data.log}, not ${log}`);
}

function foreign(place: Place, detail: string): SandtrailError {
  return new SandtrailError('BUS_FOREIGN', { detail: `${placeName(place)}: ${detail}` });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
