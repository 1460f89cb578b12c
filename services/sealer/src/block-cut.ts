// From records of the log to blocks of rows: sealed, framed apart, and cut where the day changes.
import type { LogRecord, Place } from '@sandtrail/bus/bus';
import { type ChainState, sealRecords } from '@sandtrail/chain/chain-state';
import { hexOf } from '@sandtrail/chain/hash';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { decodeFrame, sealedPart } from '@sandtrail/schemas/frame';
import type { Block, BlockRow } from '@sandtrail/store/store';

const dayMs = 86_400_000;

/** Blocks in order, and the chain's state after the last of them. */
export interface CutBlocks {
  readonly blocks: readonly Block[];
  readonly state: ChainState;
}

/**
 * Seals records that follow `state`. Everything in the result is a function of the log.
 * @throws SandtrailError `CHAIN_DIVERGED` when a record is not a frame: no gateway wrote it.
 */
export function cutBlocks(
  state: ChainState,
  records: readonly LogRecord[],
  { topic, partition }: Place,
): CutBlocks {
  const sealed = sealRecords(
    state,
    records.map(({ offset, value }) => ({ offset, sealedPart: sealedPart(value) })),
  );
  const chain = hexOf(state.chain);
  const blocks: { chain: string; topic: Place['topic']; partition: number; rows: BlockRow[] }[] =
    [];
  let day: number | undefined;
  sealed.seals.forEach(({ pos, offset, link }, index) => {
    const record = records[index];
    const frame = record === undefined ? 'it is missing' : decodeFrame(record.value);
    if (record === undefined || typeof frame === 'string') {
      const detail = `${topic}/${partition}: the record at offset ${offset}: ${frame}`;
      throw new SandtrailError('CHAIN_DIVERGED', { detail });
    }
    const recordDay = Math.floor(record.appendedAtMs / dayMs);
    if (recordDay !== day) blocks.push({ chain, topic, partition, rows: [] });
    day = recordDay;
    const { header, body } = frame;
    blocks.at(-1)?.rows.push({
      pos,
      offset,
      link,
      header,
      body,
      appendedAtMs: record.appendedAtMs,
    });
  });
  return { blocks, state: sealed.state };
}
