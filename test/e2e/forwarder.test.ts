// Forwarding on the whole product: a real attack, and real receivers outside.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { faultsOf } from '@sandtrail/forwarder/testbed/published-schema';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { awaitRecord } from '../world/seen.ts';
import { until } from '../world/until.ts';
import { runWorkload } from '../world/workload.ts';

const outside = mkdtempSync(path.join(tmpdir(), 'st-out-'));
// The core, a user of its own, writes here.
chmodSync(outside, 0o777);
const file = path.join(outside, 'ocsf.ndjson');

let product: TestProduct;
beforeAll(async () => {
  product = await startTestProduct({ destinations: { archive: { type: 'file', path: file } } });
});
afterAll(async () => {
  const left = await product.close();
  rmSync(outside, { recursive: true, force: true });
  expect(left).toEqual([]);
});

const Event = z.looseObject({
  class_uid: z.int(),
  device: z.looseObject({ uid: z.string() }).optional(),
  metadata: z.looseObject({ uid: z.string(), event_code: z.string() }),
});

function archived() {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => Event.parse(JSON.parse(line)));
}

/** Opens another process's files: a finding of severity high. */
async function attack() {
  const { uid } = await runWorkload(product, { script: 'cat /proc/1/root/etc/shadow; true' });
  await awaitRecord(product, uid, 'finding');
  return uid;
}

test('an attack arrives in the file as OCSF that the published schema accepts', async () => {
  const uid = await attack();
  const isFinding = (event: z.infer<typeof Event>) =>
    event.class_uid === 2004 && event.device?.uid === uid;
  await until(() => archived().some(isFinding), { what: 'the finding is in the file' });
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n'));
  expect(await faultsOf(whole, process.env['XDG_CACHE_HOME'])).toEqual([]);
  const kinds = archived().map(({ metadata }) => metadata.event_code);
  expect(kinds).toEqual(expect.arrayContaining(['process.exec', 'file.open', 'sandbox.created']));
});

test('status says how each destination stands, and its counts add up', async () => {
  await until(
    async () => {
      const { stdout } = await product.command(['forward', 'status', '--json']);
      const [{ name, lanes }] = JSON.parse(stdout);
      const { received, sent, filtered, dead } = lanes.bulk;
      expect(name).toBe('archive');
      expect(sent + filtered + dead).toBe(received);
      return lanes.urgent.sent > 0 && lanes.bulk.sent > 0;
    },
    { what: 'both lanes have sent' },
  );
  const shown = await product.command(['forward', 'status']);
  expect(shown.stdout).toMatch(/^archive \(file\) flowing: \d+ sent, 0 filtered, 0 dead/);
  const tried = await product.command(['forward', 'test', 'archive']);
  expect(tried).toMatchObject({ exit: 0, stdout: 'archive: delivered\n' });
  const none = await product.command(['forward', 'test', 'nowhere', '--json']);
  expect(JSON.parse(none.stderr)).toMatchObject({ error: { code: 'DESTINATION_UNKNOWN' } });
  expect(none.exit).toBe(64);
  const doctor = await product.command(['doctor', '--json']);
  expect(JSON.parse(doctor.stdout).checks).toContainEqual(
    expect.objectContaining({ name: 'to archive', state: 'on' }),
  );
});
