// One table for all outputs, against real receivers: rsyslog, OpenSearch, files, the shipped verifier.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { readBatch } from '../batch-reader.ts';
import { MessageCache } from '../message-cache.ts';
import { exampleBodies } from '../ocsf/golden.ts';
import type { Message } from '../output.ts';
import { Destination, openOutput } from '../outputs.ts';
import { makeCertificates } from '../testbed/certificates.ts';
import { type Gate, openGate } from '../testbed/gate.ts';
import { MemoryStore } from '../testbed/memory-store.ts';
import { startOpenSearch } from '../testbed/opensearch.ts';
import { startRsyslog } from '../testbed/rsyslog.ts';
import { startWebhookReceiver } from '../testbed/webhook-receiver.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'sandtrail-out-'));
const parts = { clock: systemClock, random: systemRandom, node: 'node-1' };
const secret = 'a-secret-that-both-sides-share';
const secretFile = path.join(dir, 'webhook.secret');
writeFileSync(secretFile, secret);
chmodSync(secretFile, 0o600);

/** A receiver of one type, and what it has as the OCSF events that it was sent, by their ids. */
interface Bed {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly gate?: Gate;
  readonly received: () => Promise<ReadonlyMap<string, unknown>>;
  readonly close: () => Promise<void>;
}

const Ocsf = z.looseObject({ metadata: z.looseObject({ uid: z.string() }) });

function byUid(events: readonly unknown[]): ReadonlyMap<string, unknown> {
  return new Map(events.map((event) => [Ocsf.parse(event).metadata.uid, event]));
}

async function fileBed(): Promise<Bed> {
  const file = path.join(dir, 'out.ndjson');
  const received = async () =>
    byUid(
      readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
  return { settings: { type: 'file', path: file }, received, close: async () => undefined };
}

async function syslogBed(withTls: boolean): Promise<Bed> {
  const own = path.join(dir, withTls ? 'tls' : 'tcp');
  mkdirSync(own);
  const certificates = withTls ? { certificates: makeCertificates(own) } : {};
  const rsyslog = await startRsyslog({ dir: own, ...certificates });
  const gate = await openGate(rsyslog.port);
  const { ca, client } = certificates.certificates ?? {};
  const tls = { caFile: ca, certFile: client?.cert, keyFile: client?.key };
  return {
    settings: {
      ...{ type: 'syslog', host: '127.0.0.1', port: gate.port },
      ...(withTls ? { tls } : {}),
    },
    gate,
    received: async () => byUid(rsyslog.received().map(({ msg }) => JSON.parse(msg))),
    async close() {
      await gate.close();
      await rsyslog.stop();
    },
  };
}

const Hits = z.object({ hits: z.object({ hits: z.array(z.object({ _source: z.unknown() })) }) });

async function elasticBed(): Promise<Bed> {
  const node = await startOpenSearch(process.env['XDG_CACHE_HOME']);
  // Dynamic fields would take the type of whatever comes first.
  const mappings = { dynamic: false };
  await node.ask('PUT', '/sandtrail', { mappings });
  const gate = await openGate(Number(new URL(node.url).port));
  return {
    settings: { type: 'elastic', url: `http://127.0.0.1:${gate.port}` },
    gate,
    async received() {
      await node.ask('POST', '/sandtrail/_refresh');
      const found = Hits.parse(await node.ask('GET', '/sandtrail/_search?size=1000'));
      return byUid(found.hits.hits.map(({ _source }) => _source));
    },
    async close() {
      await gate.close();
      await node.close();
    },
  };
}

async function webhookBed(): Promise<Bed> {
  const receiver = await startWebhookReceiver(secret);
  const gate = await openGate(receiver.port);
  return {
    settings: { type: 'webhook', url: `http://127.0.0.1:${gate.port}/hook`, secretFile },
    gate,
    received: async () => byUid(receiver.events.map(({ data }) => data)),
    async close() {
      await gate.close();
      await receiver.close();
    },
  };
}

const table: readonly (readonly [string, () => Promise<Bed>])[] = [
  ['file', fileBed],
  ['syslog over TCP', () => syslogBed(false)],
  ['syslog over TLS', () => syslogBed(true)],
  ['elastic', elasticBed],
  ['webhook', webhookBed],
];

async function messagesFor(settings: Destination, bodies = exampleBodies()) {
  const store = new MemoryStore();
  const chain = store.append('events', bodies);
  const all = { ...settings, kinds: undefined, batchRowsMax: 1000 };
  const due = [{ chain, from: 0n, to: BigInt(bodies.length) }];
  const signal = new AbortController().signal;
  return (await readBatch(due, { store, settings: all, cache: new MessageCache(), signal }))
    .messages;
}

async function comes(bed: Bed, messages: readonly Message[]): Promise<void> {
  const beganMs = performance.now();
  for (;;) {
    const got = await bed.received();
    if (messages.every(({ uid }) => got.has(uid))) return;
    if (performance.now() - beganMs > 20_000)
      throw new Error(`${got.size} of ${messages.length} came`);
    await delay(50);
  }
}

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe.each(table)('the output %s', (_name, openBed) => {
  let bed: Bed;
  let settings: Destination;
  beforeAll(async () => {
    bed = await openBed();
    settings = Destination.parse({ ...bed.settings, timeoutMs: 1000 });
  });
  afterAll(() => bed.close());

  test('hands over events of every kind, hostile text unchanged, and may do so twice', async () => {
    const messages = await messagesFor(settings);
    const output = openOutput(settings, parts);
    for (let round = 0; round < 2; round += 1) {
      const verdicts = await output.deliver(messages, AbortSignal.timeout(20_000));
      expect(verdicts).toEqual(messages.map(() => 'delivered'));
    }
    await output.close();
    await comes(bed, messages);
    const got = await bed.received();
    for (const { uid, text } of messages) expect(got.get(uid)).toEqual(JSON.parse(text));
  });

  test('says that nothing is known when the receiver is away, hangs or falls, then goes on', async () => {
    const { gate } = bed;
    if (gate === undefined) return expect(settings.type).toBe('file');
    const bodies = Array.from({ length: 400 }, (_, index) => execBody(index));
    const messages = await messagesFor(settings, bodies);
    const output = openOutput(settings, parts);
    for (const state of ['shut', 'hanging', { cutAfterBytes: 5000 }] as const) {
      gate.set(state);
      const outcome = await output
        .deliver(messages, AbortSignal.timeout(1500))
        .catch((error: unknown) => Object(error).code);
      // Never that all is delivered: either nothing is known, or of some that they come again.
      if (Array.isArray(outcome)) expect(outcome).toContain('again');
      else expect(outcome).toBe('DESTINATION_UNREACHABLE');
    }
    gate.set('open');
    const verdicts = await output.deliver(messages, AbortSignal.timeout(20_000));
    expect(verdicts).toEqual(messages.map(() => 'delivered'));
    await comes(bed, messages);
    await output.close();
  });
});

function execBody(index: number): string {
  const [exec = ''] = exampleBodies().filter((body) => body.includes('"kind":"process.exec"'));
  return JSON.stringify({ ...JSON.parse(exec), seq: `${index}`, argv: ['run', `${index}`] });
}
