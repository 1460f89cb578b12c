// How to reach a Kafka cluster, and what its topics must be like: a URL, or settings of `config.yaml`.
import { isIP } from 'node:net';
import { SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';

const path = z.string().min(1).max(4096);

/** The settings; files are read when a connection is made, so that no secret lies in here. */
export const KafkaSettings = z.strictObject({
  /** `host:port` of some brokers; the cluster names the others. */
  brokers: z
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,253}:\d{1,5}$/))
    .min(1)
    .max(32),
  /** Topics are called `PREFIX.events` and so on; another prefix is another log. */
  prefix: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,31}$/)
    .default('sandtrail'),
  /** Copies of each partition; with 3, two of them must have a record before it is acknowledged. */
  replication: z.int().min(1).max(7).default(3),
  /** Beyond this machine only TLS is spoken, unless this is true. */
  plaintext: z.boolean().default(false),
  /** PEM files. Without `ca` the machine's own list of authorities holds. */
  tls: z
    .strictObject({ ca: path.optional(), cert: path.optional(), key: path.optional() })
    .optional(),
  sasl: z
    .strictObject({
      mechanism: z.enum(['scram-sha-256', 'scram-sha-512']).default('scram-sha-512'),
      username: z.string().min(1).max(256),
      passwordFile: path,
    })
    .optional(),
});
export type KafkaSettings = z.infer<typeof KafkaSettings>;

const example = 'kafka://HOST:PORT[,HOST:PORT…][?prefix=NAME&replication=N&plaintext=true]';

/**
 * The settings that a URL stands for; `kafkas://` speaks TLS.
 * @throws SandtrailError `CONFIG_INVALID`
 */
export function kafkaSettingsOf(url: string): KafkaSettings {
  const [, scheme, brokers = '', query = ''] =
    /^(kafkas?):\/\/([^/?#@]+)\/?\??(.*)$/.exec(url) ?? [];
  if (scheme === undefined) throw invalid(`${JSON.stringify(url.slice(0, 80))} is not ${example}`);
  const { replication, plaintext, ...rest } = Object.fromEntries(new URLSearchParams(query));
  const settings = KafkaSettings.safeParse({
    brokers: brokers.split(','),
    ...rest,
    ...(replication === undefined ? {} : { replication: Number(replication) }),
    ...(plaintext === undefined ? {} : { plaintext: plaintext === 'true' }),
    ...(scheme === 'kafkas' ? { tls: {} } : {}),
  });
  if (!settings.success) throw invalid(`${z.prettifyError(settings.error)}; ${example}`);
  return settings.data;
}

/**
 * Refuses to speak in the clear to another machine; passwords and records would be there to read.
 * @throws SandtrailError `CONFIG_INVALID`
 */
export function checkSecrecy({ brokers, tls, plaintext }: KafkaSettings): void {
  if (tls !== undefined || plaintext) return;
  const beyond = brokers.find((broker) => !isLoopback(broker.replace(/:\d+$/, '')));
  if (beyond === undefined) return;
  throw invalid(`${beyond} is not this machine: set bus.tls, or bus.plaintext: true to go without`);
}

/** True for names and addresses that only this machine reaches; names are not resolved. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
}

function invalid(detail: string): SandtrailError {
  return new SandtrailError('CONFIG_INVALID', { detail: `bus: ${detail.replaceAll('\n', ' ')}` });
}
