// What `_bulk` says of single items: by a real OpenSearch, and by a server for what it does not do here.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Message } from '../output.ts';
import { Destination, openOutput } from '../outputs.ts';
import { type OpenSearch, startOpenSearch } from '../testbed/opensearch.ts';

const parts = { clock: systemClock, random: systemRandom, node: 'node-1' };
const signal = () => AbortSignal.timeout(20_000);

let node: OpenSearch;
beforeAll(async () => {
  node = await startOpenSearch(process.env['XDG_CACHE_HOME']);
});
afterAll(() => node.close());

function message(pos: number, document: unknown): Message {
  const about = { kind: 'file.open', sandbox: 'sandbox-1', severity: 'info', timeMs: 0 } as const;
  const text = JSON.stringify(document);
  return { uid: `chain:${pos}`, chain: 'chain', pos: BigInt(pos), ...about, text };
}

function outputTo(url: string) {
  return openOutput(Destination.parse({ type: 'elastic', url, index: 'items' }), parts);
}

test('a document that the index refuses is rejected by its code; the others are taken', async () => {
  await node.ask('PUT', '/items', { mappings: { properties: { port: { type: 'integer' } } } });
  const output = outputTo(node.url);
  const documents = [{ port: 1 }, { port: 'secret-in-a-value' }, { port: 3 }];
  const messages = documents.map((each, index) => message(index, each));
  const rejected = { rejected: 'mapper_parsing_exception' };
  expect(await output.deliver(messages, signal())).toEqual(['delivered', rejected, 'delivered']);
  // Again: what is there is there, under the same id.
  expect(await output.deliver(messages, signal())).toEqual(['delivered', rejected, 'delivered']);
  await node.ask('POST', '/items/_refresh');
  expect(await node.ask('GET', '/items/_count')).toMatchObject({ count: 2 });
  await output.close();
});

type Answer = (items: number) => { readonly status: number; readonly body: unknown };

async function serving(answer: Answer, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const { status, body } = answer(text.trimEnd().split('\n').length / 2);
      response.writeHead(status, { 'retry-after': '7' }).end(JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  try {
    await use(`http://127.0.0.1:${address.port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const three = [message(0, {}), message(1, {}), message(2, {})];

test('items that are turned away for now come again, those alone', async () => {
  const statuses = [201, 429, 503];
  const items = statuses.map((status) => ({ create: { status } }));
  await serving(
    () => ({ status: 200, body: { errors: true, items } }),
    async (url) => {
      const output = outputTo(url);
      expect(await output.deliver(three, signal())).toEqual(['delivered', 'again', 'again']);
      await output.close();
    },
  );
});

test('a batch that is too large is halved down to the one that is', async () => {
  await serving(
    (count) => (count > 1 ? { status: 413, body: {} } : { status: 200, body: { errors: false } }),
    async (url) => {
      const output = outputTo(url);
      expect(await output.deliver(three, signal())).toEqual(three.map(() => 'delivered'));
      await output.close();
    },
  );
});

test('a whole answer that says wait is a failure with that pause, and words are not kept', async () => {
  await serving(
    () => ({ status: 429, body: { error: { reason: 'secret' } } }),
    async (url) => {
      const output = outputTo(url);
      const failing = output.deliver(three, signal());
      await expect(failing).rejects.toMatchObject({
        ...{ code: 'DESTINATION_REFUSED', detail: 'status 429', retryAfterMs: 7000 },
      });
      await output.close();
    },
  );
});

test.each([
  ['no JSON', 'gateway says hello'],
  ['another JSON', { items: 1 }],
  ['fewer items', { errors: true, items: [] }],
])('an answer that is %s proves nothing', async (_name, body) => {
  await serving(
    () => ({ status: 200, body }),
    async (url) => {
      const output = outputTo(url);
      const failing = output.deliver(three, signal());
      await expect(failing).rejects.toMatchObject({ code: 'DESTINATION_REFUSED' });
      await output.close();
    },
  );
});
