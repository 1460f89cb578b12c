// A stored row, read for forwarding: its hashes computed from its bytes, its parts parsed with their schema.

import { hashOfHex, hexOf } from '@sandtrail/chain/hash';
import { leafOfRow } from '@sandtrail/chain/leaf';
import { genesisLink } from '@sandtrail/chain/link';
import type { SealedRow } from '@sandtrail/chain/row';
import { Body } from '@sandtrail/schemas/events';
import { Header } from '@sandtrail/schemas/header';
import { quickSchema } from '@sandtrail/schemas/quick-schema';
import type { Seal, SealedEvent } from './ocsf/to-ocsf.ts';

const headers = quickSchema(Header);
const bodies = quickSchema(Body);

/** A row whose bytes are no event of the contract: it was changed later, or a newer version wrote it. */
export interface UnreadableRow {
  readonly seal: Seal;
  readonly headerText: string;
  readonly bodyText: string;
}

/** Reads a row of `chain`; `before` is the stored link of the position before, where it is known. */
export function readSealedRow(
  chain: string,
  row: SealedRow,
  before: Buffer | undefined,
): SealedEvent | UnreadableRow {
  const { pos, offset } = row;
  const linkBefore = pos === 0n ? hexOf(genesisLink(hashOfHex(chain))) : before?.toString('hex');
  const seal: Seal = {
    ...{ chain, pos, offset, linkBefore },
    leaf: hexOf(leafOfRow(row)),
    link: row.link?.toString('hex'),
  };
  const texts = { headerText: row.header.toString(), bodyText: row.body.toString() };
  const header = parsed(texts.headerText);
  const body = parsed(texts.bodyText);
  if (!headers.accepts(header) || !bodies.accepts(body)) return { seal, ...texts };
  return { seal, header, body, ...texts };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
