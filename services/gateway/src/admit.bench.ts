import { SandboxUid } from '@sandtrail/schemas/scalars';
import { test } from 'vitest';
import { createAdmission } from './admit.ts';
import type { Credential } from './grant.ts';
import { execBody } from './testbed.ts';

const uid = SandboxUid.parse('sbx-alpha01');
const life = { uid, incarnation: 0, node: 'node-1', tenant: 'acme', state: 'open' } as const;
const credential: Credential = { id: 'c', tenant: 'acme', grant: { type: 'host', node: 'node-1' } };
const admit = createAdmission({ find: () => life, version: () => 0, eventPartitions: 4 });
const bodies = Array.from({ length: 1000 }, (_, seq) => Buffer.from(execBody(seq)));
const erasable = Buffer.alloc(0);

test('admit 1,000 bodies of 500 bytes', async ({ bench }) => {
  const receivedAtNs = 1_790_000_000_000_000_000n;
  const run = () => {
    for (const body of bodies) admit({ credential, body, erasable, receivedAtNs });
  };
  await bench('admit 1,000', run).run({ time: 2000, warmupTime: 500 });
});
