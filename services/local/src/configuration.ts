// The configuration of the product: defaults, then `config.yaml`, then the command line.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KafkaSettings, kafkaSettingsOf } from '@sandtrail/bus/kafka/kafka-settings';
import { ConsoleConfig } from '@sandtrail/console/config';
import { Destinations } from '@sandtrail/forwarder/outputs';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { text } from '@sandtrail/schemas/scalars';
import { ServedStore } from '@sandtrail/store/store-target';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Layout } from './layout.ts';

const Port = z.int().min(0).max(65_535);

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** What is sent names sandboxes and carries a secret in its headers: never in the clear, elsewhere. */
function isSafeEndpoint(endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname, username, search } = new URL(endpoint);
  const isPrivate = protocol === 'https:' || (protocol === 'http:' && loopback.test(hostname));
  return isPrivate && username === '' && search === '';
}

const Telemetry = z.strictObject({
  /** `/metrics` for Prometheus, on this machine only: it asks for neither a name nor a secret. */
  prometheus: z
    .strictObject({ host: z.enum(['127.0.0.1', '::1']).default('127.0.0.1'), port: Port })
    .optional(),
  /** OpenTelemetry: metrics and spans to an OTLP receiver over HTTP (protobuf). */
  otlp: z
    .strictObject({
      /** Base address; `/v1/traces` and `/v1/metrics` are added. Beyond this machine only https. */
      endpoint: text(1024).refine(isSafeEndpoint, {
        error: 'https://HOST[:PORT], or http:// to a loopback address; no user, no query',
      }),
      /** A file of mode 0600 with lines `name: value` that go with each request. */
      headersFile: text(4096).optional(),
      exportMs: z.int().min(500).max(600_000).default(10_000),
    })
    .optional(),
});

/** A scheduler whose sandboxes are watched and contained though Sandtrail did not start them. */
const Scheduler = z.strictObject({
  docker: z.strictObject({
    socket: z.string().startsWith('/').max(107).default('/var/run/docker.sock'),
    /** Containers with this label are watched from birth; its value names `policies/NAME.yaml`. */
    label: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,127}$/)
      .default('dev.sandtrail.policy'),
    /** Watch what is isolated less than its policy declares, instead of killing it. */
    allowWeaker: z.boolean().default(false),
  }),
});

/** A URL says most of it; what needs files (TLS, a login) is written out. */
const BusSetting = z.union([
  z.literal('embedded'),
  KafkaSettings,
  z.string().startsWith('kafka').transform(kafkaSettingsOf),
]);

const StoreSetting = z.union([
  z.literal('embedded'),
  ServedStore,
  z
    .string()
    .startsWith('http')
    .transform((url) => ({ url }))
    .pipe(ServedStore),
]);

/** Every setting, with its unit in its name. Unknown settings are refused. */
export const Configuration = z.strictObject({
  /** This machine's name in streams and grants. */
  node: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  tenant: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
    .default('local'),
  /** Below which directory of the cgroup tree sandboxes get theirs; no two products share one. */
  cgroupParent: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** The log: `embedded`, or where a Kafka cluster is. */
  bus: BusSetting.default('embedded'),
  /** The store: `embedded`, or where a ClickHouse server is. */
  store: StoreSetting.default('embedded'),
  /** How often the signer looks for something new to sign. */
  checkpointMs: z.int().min(100).max(3_600_000).default(2_000),
  /** Sealed records that each partition of the events topic keeps for readers that lag. */
  logRecordsKept: z.int().min(100_000).max(1_000_000_000).default(2_000_000),
  /** How long a request waits for a person before it counts as denied. */
  approvalMsMax: z.int().min(1_000).max(86_400_000).default(900_000),
  /**
   * Sandboxes that findings contain by themselves in a minute, and as many by the host's reflex;
   * more wait for a person.
   */
  automaticActsMax: z.int().min(0).max(100_000).default(10),
  /** What Sandtrail tells about itself; nothing unless asked. */
  telemetry: Telemetry.default({}),
  /** Where the web console listens, or `off`. */
  console: ConsoleConfig.prefault({}),
  schedulers: z.array(Scheduler).max(8).default([]),
  /** Where the signed heads are written: outside the data directory. */
  headFile: text(4096),
  /** Where sealed events are forwarded to, by name. */
  destinations: Destinations.default({}),
});
export type Configuration = z.infer<typeof Configuration>;

/** Where the supervisor leaves the effective configuration for the processes that it starts. */
export function configurationFile(layout: Layout): string {
  return path.join(layout.run, 'configuration.json');
}

interface Sources {
  readonly file: string;
  readonly hostname: string;
  readonly headFile: string;
  readonly cgroupParent: string;
  /** Settings from the command line, over those of the file. */
  readonly given: Readonly<Record<string, unknown>>;
}

/**
 * The effective configuration.
 * @throws SandtrailError `CONFIG_INVALID`, naming the setting and what it should be
 */
export function loadConfiguration(sources: Sources): Configuration {
  const { file, hostname, headFile, cgroupParent, given } = sources;
  const node = hostname.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 64) || 'local';
  const result = Configuration.safeParse({
    node,
    headFile,
    cgroupParent,
    ...readSettings(file),
    ...given,
  });
  if (result.success) return result.data;
  throw new SandtrailError('CONFIG_INVALID', {
    detail: `${file}: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`,
  });
}

function readSettings(file: string): Readonly<Record<string, unknown>> {
  if (!existsSync(file)) return {};
  try {
    const settings: unknown = parse(readFileSync(file, 'utf8'), { maxAliasCount: 0 });
    return z.record(z.string(), z.unknown()).parse(settings ?? {});
  } catch (error) {
    throw new SandtrailError('CONFIG_INVALID', { detail: file, cause: error });
  }
}
