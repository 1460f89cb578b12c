// The log's topics in the cluster: made where they are missing, and held to what sealing rests on.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { partitionCount, Topic } from '@sandtrail/schemas/topics';
import kafkajs, { type Admin } from 'kafkajs';
import { topicName } from './cluster-connection.ts';
import type { KafkaSettings } from './kafka-settings.ts';

const dayMs = 86_400_000;

/**
 * Room for the largest append. Events stay a week for readers that lag; the other topics are small
 * and stay: the responder rebuilds its state from them.
 */
const created = { messageBytes: 32 * 1024 * 1024, eventsMs: 7 * dayMs, forever: -1 } as const;
/** Appends of the gateway are at most 8 MiB of bodies, and as much again of headers. */
const messageBytesMin = 17 * 1024 * 1024;

type Settings = Readonly<Record<string, string>>;

/**
 * Makes missing topics and checks them all. Returns whether this call made them all.
 * @throws SandtrailError `BUS_UNFIT` naming topic and setting, and what kafkajs throws
 */
export async function ensureTopics(admin: Admin, settings: KafkaSettings): Promise<boolean> {
  const present = new Set(await admin.listTopics());
  const missing = Topic.options.filter((topic) => !present.has(topicName(settings, topic)));
  const isMaker =
    missing.length > 0 &&
    (await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map((topic) => ({
        topic: topicName(settings, topic),
        numPartitions: partitionCount[topic],
        replicationFactor: settings.replication,
        configEntries: Object.entries(settingsFor(topic, settings)).map(([name, value]) => ({
          name,
          value,
        })),
      })),
    }));
  await checkTopics(admin, settings);
  return isMaker && missing.length === Topic.options.length;
}

function settingsFor(topic: Topic, { replication }: KafkaSettings): Settings {
  const retentionMs = topic === 'events' ? created.eventsMs : created.forever;
  return {
    'cleanup.policy': 'delete',
    'message.timestamp.type': 'LogAppendTime',
    'unclean.leader.election.enable': 'false',
    'min.insync.replicas': `${copiesMin(replication)}`,
    'retention.ms': `${retentionMs}`,
    'retention.bytes': '-1',
    'max.message.bytes': `${created.messageBytes}`,
  };
}

/** One copy may be away without loss or halt; a single copy is all there is. */
function copiesMin(replication: number): number {
  return Math.max(1, replication - 1);
}

async function checkTopics(admin: Admin, settings: KafkaSettings): Promise<void> {
  const names = Topic.options.map((topic) => topicName(settings, topic));
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  for (const topic of Topic.options) {
    const name = topicName(settings, topic);
    const partitions = topics.find((each) => each.name === name)?.partitions ?? [];
    const entries = resources.find((each) => each.resourceName === name)?.configEntries ?? [];
    const found = new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
    const copies = Math.min(...partitions.map(({ replicas }) => replicas.length));
    const fault =
      partitionFault(topic, partitions.length) ??
      copiesFault(copies, settings) ??
      settingFault(topic, settings, found);
    if (fault === undefined) continue;
    throw new SandtrailError('BUS_UNFIT', { detail: `${name}: ${fault}` });
  }
}

function partitionFault(topic: Topic, partitions: number): string | undefined {
  const wanted = partitionCount[topic];
  return partitions === wanted ? undefined : `it has ${partitions} partitions, not ${wanted}`;
}

function copiesFault(copies: number, { replication }: KafkaSettings): string | undefined {
  if (copies >= replication) return undefined;
  return `each partition has ${copies} copies, and bus.replication says ${replication}`;
}

type Found = ReadonlyMap<string, string>;

function settingFault(topic: Topic, settings: KafkaSettings, found: Found): string | undefined {
  const exact = ['cleanup.policy', 'message.timestamp.type', 'unclean.leader.election.enable'];
  const wanted = settingsFor(topic, settings);
  for (const name of [...exact, 'retention.bytes']) {
    const value = found.get(name);
    if (value !== wanted[name]) return `${name} is ${value}, and must be ${wanted[name]}`;
  }
  const retentionMsMin = topic === 'events' ? dayMs : Number.POSITIVE_INFINITY;
  const least = [
    ['min.insync.replicas', copiesMin(settings.replication)],
    ['max.message.bytes', messageBytesMin],
    ['retention.ms', retentionMsMin],
  ] as const;
  for (const [name, min] of least) {
    const value = Number(found.get(name));
    const isForever = name === 'retention.ms' && value === created.forever;
    if (!isForever && !(value >= min)) {
      return `${name} is ${value}, and must be ${min === Infinity ? created.forever : `${min} or more`}`;
    }
  }
  return undefined;
}
