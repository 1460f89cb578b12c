// The event that `sandtrail forward test` sends: it says what it is and stands in no chain.
import { safeText } from './json.ts';
import { ocsfVersion } from './ocsf/classes.ts';
import { ocsfSeverity } from './ocsf/severity.ts';
import type { Message, OutputParts } from './output.ts';

const noChain = '0'.repeat(64);

/** A new one each time, so that no destination takes it for a repetition. */
export function testMessage({ clock, random, node }: OutputParts): Message {
  const timeMs = Number(clock.nowNs() / 1_000_000n);
  const uid = `test:${random(8).toString('hex')}`;
  const text = safeText({
    time: timeMs,
    ...{ category_uid: 0, class_uid: 0, class_name: 'Base Event' },
    ...{ activity_id: 99, activity_name: 'Test', type_uid: 99, type_name: 'Base Event: Test' },
    ...ocsfSeverity('info'),
    message: `A test of this destination, asked for on ${node}.`,
    metadata: {
      version: ocsfVersion,
      uid,
      product: { name: 'Sandtrail', vendor_name: 'Sandtrail' },
    },
  });
  const about = { kind: 'control.test', sandbox: 'none', severity: 'info' } as const;
  return { uid, chain: noChain, pos: 0n, ...about, timeMs, text };
}
