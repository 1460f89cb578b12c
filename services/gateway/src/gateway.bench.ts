import { encodeRecordBatch, recordBatchType } from '@sandtrail/schemas/record-batch';
import { afterAll, beforeAll, test } from 'vitest';
import { connectClient, execBody, openTestbed, type Testbed, type TestClient } from './testbed.ts';

const batchRecords = 1000;
let bed: Testbed;
let client: TestClient;
let seq = 0;

beforeAll(async () => {
  const limits = { recordsPerSecond: 10_000_000, recordsBurst: 10_000_000 };
  bed = await openTestbed({ config: { limits } });
  client = connectClient(bed.gateway.socketPath, bed.enrol('host:node-1'));
  const body = Buffer.from(JSON.stringify({ uid: 'sbx-alpha01', incarnation: 0 }));
  const post = { method: 'POST', path: '/v1/sandboxes', type: 'application/json', body };
  await client.request(post);
});

afterAll(async () => {
  client.close();
  await bed.remove();
});

test('1,000 records of 500 bytes through the socket into the log', async ({ bench }) => {
  const erasable = Buffer.alloc(0);
  const run = async () => {
    const records = Array.from({ length: batchRecords }, (_, index) => ({
      body: Buffer.from(execBody(seq + index)),
      erasable,
    }));
    seq += batchRecords;
    const body = encodeRecordBatch(records);
    await client.request({ method: 'POST', path: '/v1/records', type: recordBatchType, body });
  };
  await bench('post 1,000', run).run({ time: 5000, warmupTime: 1000 });
});
