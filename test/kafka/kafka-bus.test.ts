// The Kafka driver against a real broker: the bus port's table, then what only a log across a network does.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bus, Place } from '@sandtrail/bus/bus';
import { busConformance } from '@sandtrail/bus/conformance';
import { openKafkaBus } from '@sandtrail/bus/kafka/kafka-bus';
import { type KafkaSettings, kafkaSettingsOf } from '@sandtrail/bus/kafka/kafka-settings';
import { openReader } from '@sandtrail/bus/open-reader';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { createLogger, silentLogger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Topic } from '@sandtrail/schemas/topics';
import kafkajs, { type Admin } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CutProxy } from '../world/cut-proxy.ts';
import { kafkaUser, startBroker, type TestBroker } from '../world/kafka.ts';
import { until } from '../world/until.ts';

const place: Place = { topic: 'events', partition: 0 };
const all = { from: 1n, recordsMax: 1_000_000, sizeBytesMax: 1 << 30 };
const proxy = new CutProxy(() => broker.ports.proxied);
let broker: TestBroker;
let admin: Admin;

beforeAll(async () => {
  broker = await startBroker({ proxyPort: await proxy.listen(), withTls: true });
  admin = new kafkajs.Kafka({
    brokers: [`127.0.0.1:${broker.ports.plain}`],
    logLevel: kafkajs.logLevel.NOTHING,
  }).admin();
  await admin.connect();
}, 120_000);

afterAll(async () => {
  await admin.disconnect();
  await broker.close();
  await proxy.close();
});

let opened: Bus[] = [];
afterEach(async () => {
  proxy.conduct = 'carry';
  for (const bus of opened) await bus.close();
  opened = [];
});

const freshPrefix = () => `t${randomBytes(6).toString('hex')}`;
const direct = (prefix = freshPrefix()) => kafkaSettingsOf(`${broker.url}&prefix=${prefix}`);
const throughProxy = async () => {
  const port = await until(() => proxy.port, { what: 'the proxy listens' });
  return { ...direct(), brokers: [`127.0.0.1:${port}`] };
};

interface Around {
  readonly counters?: ReturnType<typeof createCounters>;
  readonly waiting?: (detail: string) => void;
  readonly write?: (line: string) => void;
}

async function open(settings: KafkaSettings, { write, ...around }: Around = {}): Promise<Bus> {
  const clock = systemClock;
  const logger =
    write === undefined ? silentLogger : createLogger({ clock, level: 'info', part: 'bus', write });
  const common = { clock, random: systemRandom, counters: createCounters(), logger };
  const bus = await openKafkaBus({ settings, ...common, ...around });
  opened.push(bus);
  return bus;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => 'none',
    (reason: unknown) => reason,
  );
  return error instanceof SandtrailError ? error.code : `${error}`;
}

async function texts(bus: Bus): Promise<readonly string[]> {
  return (await bus.read(place, all)).map(({ value }) => value.toString());
}

busConformance('Kafka', async () => {
  const settings = direct();
  const url = `${broker.url}&prefix=${settings.prefix}`;
  const around = { clock: systemClock, random: systemRandom, counters: createCounters() };
  const logger = silentLogger;
  const crashWriter = new URL('../../services/core/bus/src/crash-writer.ts', import.meta.url);
  return {
    open: (limits) => openKafkaBus({ settings, limits, logger, ...around }),
    openReader: ({ source }) => openReader({ source, logger, counters: around.counters }),
    letGo: async ({ topic, partition }, before) => {
      const offset = `${before}`;
      const partitions = [{ partition, offset }];
      const records = { topic: `${settings.prefix}.${topic}`, partitions };
      // kafkajs knows a new topic only some tries later.
      const deleted = () =>
        admin.deleteTopicRecords(records).then(
          () => true,
          () => false,
        );
      await until(deleted, { what: 'the broker lets go of records' });
    },
    crashWriter: [process.execPath, crashWriter.pathname, url],
    remove: () => removeTopics(settings),
  };
});

async function removeTopics({ prefix }: KafkaSettings): Promise<void> {
  await admin.deleteTopics({ topics: Topic.options.map((topic) => `${prefix}.${topic}`) });
}

describe('Kafka across a network that fails', () => {
  test('an acknowledgement that is lost leaves one record and gives its offset', async () => {
    const bus = await open(await throughProxy());
    await bus.append(place, [Buffer.from('before')]);
    proxy.conduct = 'lose answers';
    const sent = bus.append(place, [Buffer.from('lost'), Buffer.from('again')]);
    await until(() => proxy.lost > 0, { what: 'an answer was lost' });
    proxy.conduct = 'carry';
    expect(await sent).toBe(2n);
    expect(await bus.append(place, [Buffer.from('after')])).toBe(4n);
    expect(await texts(bus)).toEqual(['before', 'lost', 'again', 'after']);
  });

  test('what follows a send of unknown fate is never taken for a copy of it', async () => {
    const bus = await open(await throughProxy());
    await bus.append(place, [Buffer.from('before')]);
    proxy.conduct = 'lose answers';
    const first = codeOf(bus.append(place, [Buffer.from('unknown')]));
    expect(await first).toBe('BUS_UNAVAILABLE');
    proxy.conduct = 'carry';
    await bus.append(place, [Buffer.from('other')]);
    const found = await texts(bus);
    expect(found.filter((text) => text === 'other')).toHaveLength(1);
    expect(found.filter((text) => text === 'unknown').length).toBeLessThanOrEqual(1);
  });

  test('while the broker is away appends fail in time, readers wait, and all goes on after', async () => {
    const counters = createCounters();
    const lines: string[] = [];
    const bus = await open(await throughProxy(), { counters, write: (line) => lines.push(line) });
    await bus.append(place, [Buffer.from('one')]);
    const never = new AbortController().signal;
    const arrival = bus.arrival(place, 2n, never);
    await delay(300);
    proxy.conduct = 'refuse';
    expect(await codeOf(bus.append(place, [Buffer.from('two')]))).toBe('BUS_UNAVAILABLE');
    expect(await codeOf(bus.bounds(place))).toBe('BUS_UNAVAILABLE');
    proxy.conduct = 'carry';
    expect(await bus.append(place, [Buffer.from('two')])).toBe(2n);
    await arrival;
    expect(await texts(bus)).toEqual(['one', 'two']);
    expect(counters.snapshot()['bus.outages']).toBeDefined();
    expect(lines.join('')).toContain('the log does not answer');
    expect(lines.join('')).toContain('the log answers again');
  });

  test('a broker that is away at the start is waited for, and that is told', async () => {
    const settings = await throughProxy();
    proxy.conduct = 'refuse';
    const told: string[] = [];
    const opening = open(settings, { waiting: (detail) => told.push(detail) });
    await until(() => told.length > 0, { what: 'it tells that it waits' });
    proxy.conduct = 'carry';
    const bus = await opening;
    expect(await bus.append(place, [Buffer.from('a')])).toBe(1n);
  });
});

describe('topics that sealing cannot rest on', () => {
  const made = async () => {
    const settings = direct();
    await (await open(settings)).close();
    return settings;
  };
  const fit = {
    'message.timestamp.type': 'LogAppendTime',
    'unclean.leader.election.enable': 'false',
    'retention.ms': '-1',
    'max.message.bytes': '33554432',
  };
  const entries = (changed: Readonly<Record<string, string>> = {}) =>
    Object.entries({ ...fit, ...changed }).map(([name, value]) => ({ name, value }));
  const alter = ({ prefix }: KafkaSettings, changed: Readonly<Record<string, string>>) => {
    const configEntries = entries(changed);
    const type = kafkajs.ConfigResourceTypes.TOPIC;
    const resources = [{ type, name: `${prefix}.events`, configEntries }];
    return admin.alterConfigs({ validateOnly: false, resources });
  };

  test.each([
    ['message.timestamp.type', 'CreateTime'],
    ['cleanup.policy', 'compact'],
    ['cleanup.policy', 'compact,delete'],
    ['unclean.leader.election.enable', 'true'],
    ['retention.ms', '1000'],
    ['retention.bytes', '1000'],
    ['max.message.bytes', '1000000'],
  ])('%s %s is refused by name', async (name, value) => {
    const settings = await made();
    await alter(settings, { [name]: value });
    const failure = await open(settings).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'BUS_UNFIT' });
    expect(`${failure}`).toContain(`${settings.prefix}.events: ${name}`);
  });

  test('other partitions, fewer copies and more copies than brokers are refused', async () => {
    const settings = direct();
    const topic = `${settings.prefix}.events`;
    await admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor: 1 }] });
    expect(await codeOf(open(settings))).toBe('BUS_UNFIT');
    expect(await codeOf(open({ ...direct(), replication: 3 }))).toBe('BUS_UNFIT');
    expect(await codeOf(open({ ...(await made()), replication: 2 }))).toBe('BUS_UNFIT');
  });

  test('topics that were filled by others, or copied from another cluster, are another log', async () => {
    const settings = await made();
    const source = await open(settings);
    const [genesis] = await source.read(place, { ...all, from: 0n });
    for (const value of [genesis?.value ?? Buffer.alloc(0), Buffer.from('no frame')]) {
      const other = direct();
      await createLike(other);
      await produceRaw(`${other.prefix}.events`, value);
      expect(await codeOf(open(other))).toBe('BUS_FOREIGN');
    }
  });

  async function createLike({ prefix }: KafkaSettings): Promise<void> {
    const configEntries = entries();
    await admin.createTopics({
      topics: Topic.options.map((topic) => ({
        topic: `${prefix}.${topic}`,
        numPartitions: topic === 'events' ? 4 : 1,
        replicationFactor: 1,
        configEntries,
      })),
    });
  }

  async function produceRaw(topic: string, value: Buffer): Promise<void> {
    const brokers = [`127.0.0.1:${broker.ports.plain}`];
    const producer = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ partition: 0, value }] });
    await producer.disconnect();
  }
});

describe('who may speak to the broker', () => {
  const files = () => {
    const { certificates, folder } = broker;
    if (certificates === undefined) throw new Error('the broker has no TLS');
    const passwordFile = path.join(folder, 'password');
    writeFileSync(passwordFile, `${kafkaUser.password}\n`);
    const wrongFile = path.join(folder, 'wrong');
    writeFileSync(wrongFile, 'wrong');
    return { ...certificates, passwordFile, wrongFile };
  };
  const at = (port: number) => ({ ...direct(), brokers: [`127.0.0.1:${port}`] });

  test.each(['scram-sha-256', 'scram-sha-512'] as const)(
    'a login by %s over TLS',
    async (mechanism) => {
      const { ca, passwordFile, wrongFile } = files();
      const { username } = kafkaUser;
      const settings = { ...at(broker.ports.sasl), tls: { ca } };
      const bus = await open({ ...settings, sasl: { mechanism, username, passwordFile } });
      expect(await bus.append(place, [Buffer.from('a')])).toBe(1n);
      expect(await texts(bus)).toEqual(['a']);
      const wrong = { mechanism, username, passwordFile: wrongFile };
      expect(await codeOf(open({ ...settings, sasl: wrong }))).toBe('BUS_ACCESS');
    },
  );

  test('a client certificate where the broker wants one, and none', async () => {
    const { ca, client } = files();
    const bus = await open({ ...at(broker.ports.mtls), tls: { ca, ...client } });
    expect(await bus.append(place, [Buffer.from('a')])).toBe(1n);
    expect(await codeOf(open({ ...at(broker.ports.mtls), tls: {} }))).toBe('BUS_ACCESS');
  });

  test('nothing is said in the clear to another machine, unless that is wanted', async () => {
    const settings = kafkaSettingsOf('kafka://kafka.example:9092');
    expect(await codeOf(open(settings))).toBe('CONFIG_INVALID');
    expect(await codeOf(open({ ...direct(), tls: { ca: '/nowhere' } }))).toBe('CONFIG_INVALID');
  });
});
