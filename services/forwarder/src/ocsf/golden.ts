// The golden OCSF events: one for each kind of event, as this version of the mapper makes them.
import { readFileSync } from 'node:fs';
import { bytesOf, hashOfHex } from '@sandtrail/chain/hash';
import { leafOfRow } from '@sandtrail/chain/leaf';
import { genesisLink, nextLink } from '@sandtrail/chain/link';
import { safeText } from '../json.ts';
import { readSealedRow } from '../sealed-event.ts';
import { toOcsf, toUnreadable } from './to-ocsf.ts';

const chain = 'e'.repeat(64);
const header = {
  tenant: 'local',
  sandbox: 'sandbox-1',
  incarnation: 0,
  trust: 'kernel',
  credential: 'host:node-1',
  receivedAtNs: '1764000000223456789',
  timeNs: '1764000000123456789',
  admission: 'live',
};

/** Bodies of every kind, hostile text among them, one JSON object a line. */
export function exampleBodies(): readonly string[] {
  const text = readFileSync(new URL('./fixtures/bodies.ndjson', import.meta.url), 'utf8');
  return text.trimEnd().split('\n');
}

/** The bodies sealed as one chain, each row with the link before it. */
export function exampleRows() {
  let link = genesisLink(hashOfHex(chain));
  return exampleBodies().map((body, index) => {
    const before = bytesOf(link);
    const pos = BigInt(index);
    const row = { pos, offset: pos, header: Buffer.from(JSON.stringify(header)) };
    const bytes = { ...row, body: Buffer.from(body), link: undefined };
    link = nextLink(link, pos, leafOfRow(bytes));
    return { chain, row: { ...bytes, link: bytesOf(link) }, before };
  });
}

/** The golden lines: what `npm run generate` writes and the test compares. */
export function goldenText(): string {
  const lines = exampleRows().map(({ row, before }) => {
    const event = readSealedRow(chain, row, before);
    if ('body' in event) return safeText(toOcsf(event));
    return safeText(toUnreadable(event.seal, event.headerText, event.bodyText));
  });
  return `${lines.join('\n')}\n`;
}
