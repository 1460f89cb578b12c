// Emits without end while its gateway is away, and says so as the spool grows: a test's child, which is killed.
import { setTimeout as delay } from 'node:timers/promises';
import { openKitTestbed } from './testbed.ts';

const bed = openKitTestbed({ dir: process.argv[2] ?? '' });
bed.shipper.isAway = true;
const stream = await bed.open();
for (let at = 0; ; at += 1) {
  for (let turn = 0; turn < 50; turn += 1) {
    const callId = `${at}.${turn}`;
    stream.emit({
      kind: 'tool.call',
      observedAtNs: '1',
      tool: 'Bash',
      callId,
      input: 'word '.repeat(50),
    });
  }
  await delay(60);
  process.stdout.write('spooled\n');
}
