import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KitConfig } from '@sandtrail/kit/config';
import { createKit, type Kit } from '@sandtrail/kit/kit';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { Body } from '@sandtrail/schemas/events';
import { createScanner } from '@sandtrail/secrets/scanner';
import { expect, test } from 'vitest';
import { createKitRecorder } from './kit-recorder.ts';
import { runSandbox } from './run.ts';
import { RunRig } from './run-rig.ts';

test('a run through the kit leaves whole streams, valid bodies and no secret', async () => {
  const rig = new RunRig();
  const bodies: Body[] = [];
  const texts: string[] = [];
  const shipper = {
    ship: (records: readonly { readonly body: Buffer }[]) => {
      for (const { body } of records) {
        texts.push(body.toString('utf8'));
        bodies.push(Body.parse(JSON.parse(body.toString('utf8'))));
      }
      return Promise.resolve([]);
    },
    close: () => Promise.resolve(),
  };
  const services = { shipper, clock: systemClock, random: systemRandom, log: silentLogger };
  const scanner = createScanner({ fingerprintKey: randomBytes(32) });
  const dir = join(rig.directory, 'kit');
  mkdirSync(dir);
  const kitOf = (collector: string): Kit => {
    const config = KitConfig.parse({});
    const counters = createCounters();
    return createKit({ ...services, scanner, collector, node: 'n', dir, counters, config });
  };
  const secret = `ghp_${randomBytes(18).toString('hex')}`;
  const { options, uid, io } = rig.run(['sh', '-c', `echo ${secret} | tee file; sleep 0.2`]);
  const recorder = createKitRecorder({ kitOf, sandbox: uid, incarnation: 0 });
  const summary = await runSandbox({ ...options, recorder });
  const [out] = await once(io.stdout, 'data');
  await rig.close();
  expect(String(out)).toBe(`${secret}\n`);
  expect(texts.join('')).not.toContain(secret.slice(4));
  for (const { stream, lastSeq } of summary.streams) {
    const seqs = bodies.filter((body) => body.stream === stream).map((body) => body.seq);
    expect(seqs).toEqual(Array.from({ length: Number(lastSeq) + 1 }, (_, n) => BigInt(n)));
  }
  const masked = bodies.filter((body) => body.redactions !== undefined).map((body) => body.kind);
  expect(new Set(masked)).toEqual(
    new Set(['sandbox.started', 'command', 'command.output', 'file.write']),
  );
});
