// Part of the tour: the record verifies against heads from outside, and a forged copy does not.
import { readFileSync } from 'node:fs';
import { exitOf } from '@sandtrail/chain/verdict';
import { HeadFile, TrustFile, VerifyReport } from '@sandtrail/schemas/seal';
import { verifyStore } from '@sandtrail/sealer/verify-store';
import { callAdmin } from '../admin-client.ts';
import { copyStore } from './copied-store.ts';
import type { Stage } from './stage.ts';

/** Verifies with and without a head, then tampers with one row of a copy. */
export async function showVerification(stage: Stage): Promise<void> {
  const { voice, surroundings } = stage;
  const { layout, configuration } = surroundings;
  const trust = TrustFile.parse(JSON.parse(readFileSync(layout.trustFile, 'utf8')));
  const heads = HeadFile.parse(JSON.parse(readFileSync(configuration.headFile, 'utf8')));
  const verify = async (input: unknown) => {
    const { adminSocket: socket } = layout;
    const answer = await callAdmin({ socket, method: 'POST', path: '/v1/verify', input });
    return VerifyReport.parse(answer);
  };

  await voice.step('the record is verified');
  const anchored = await verify({ trust, heads });
  const rows = anchored.chains.reduce((sum, { count }) => sum + count, 0n);
  await tell(stage, anchored, {
    exit: 0,
    text: `${rows} records in ${anchored.chains.length} chains verified against heads kept in ${configuration.headFile}`,
  });
  const alone = await verify({ trust });
  await tell(stage, alone, { exit: 2, text: 'without those heads it says so:' });
  await voice.note(alone.findings[0]?.detail ?? '');

  await voice.step('a copy of the data is forged: one row, one letter');
  const copy = await copyStore(layout);
  try {
    const whole = await verifyStore({ store: copy.store, trust, heads });
    await tell(stage, whole, { exit: 0, text: 'the copy verifies before the forgery' });
    const row = await victimOf(copy.store);
    await copy.forge(
      `ALTER TABLE sealed UPDATE body = replaceOne(body, './main', './mane')
       WHERE chain = unhex('${row.chain}') AND pos = ${row.pos} SETTINGS mutations_sync = 1`,
    );
    const forged = await verifyStore({ store: copy.store, trust, heads });
    const [first] = forged.findings;
    const named = first?.chain === row.chain && first.position === BigInt(row.pos);
    await tell(stage, forged, {
      exit: named ? 1 : -1,
      text: `the verifier names it: ${first?.code} at position ${first?.position} of chain ${first?.chain?.slice(0, 12)}…`,
    });
    await voice.note(`the forged row is position ${row.pos} of chain ${row.chain.slice(0, 12)}…`);
  } finally {
    await copy.close();
  }
}

type Copy = Awaited<ReturnType<typeof copyStore>>;

/** The row that an attacker would most like to have read otherwise: the execution of `./main`. */
async function victimOf(store: Copy['store']): Promise<{ chain: string; pos: string }> {
  const filter = { kind: 'process.exec', text: './main', limit: 1 };
  for await (const line of store.queryEvents(filter)) {
    const { chain, pos }: Record<string, unknown> = JSON.parse(line);
    return { chain: String(chain), pos: String(pos) };
  }
  return { chain: '', pos: '0' };
}

interface Expected {
  readonly exit: number;
  readonly text: string;
}

async function tell({ voice }: Stage, report: VerifyReport, { exit, text }: Expected) {
  const code = exitOf(report);
  if (code === exit) await voice.hit(`exit ${code}: ${text}`);
  else {
    const why = report.findings.slice(0, 3).map(({ code: each, detail }) => `${each}: ${detail}`);
    await voice.miss(`exit ${code}, not ${exit}: ${text}; ${why.join('; ')}`);
  }
}
