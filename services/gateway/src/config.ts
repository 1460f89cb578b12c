// The gateway's configuration: where it listens, where its state lies, and its bounds.
import { Tenant } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { NodeName } from './grant.ts';

const atMost = (value: number) => z.int().min(1).default(value);

/** The bounds of the gateway; what happens at each is counted. */
export const GatewayLimits = z.strictObject({
  /** HTTP/2 connections at once; more are closed. */
  sessionsMax: atMost(2048),
  streamsPerSessionMax: atMost(32),
  /** A request that is not complete by then is cancelled: slow senders hold nothing. */
  requestMs: atMost(30_000),
  sessionIdleMs: atMost(120_000),
  /** Request bodies in memory at once; further requests get 503. */
  bodiesSizeBytesMax: atMost(128 * 1024 * 1024),
  /** Records a second that one credential may send, and how many at once. */
  recordsPerSecond: atMost(100_000),
  recordsBurst: atMost(200_000),
  seenRecordsMax: atMost(262_144),
  /** A power of two: the last so many numbers of a stream. */
  seenRecordsPerStreamMax: atMost(8192),
  sandboxesOpenMax: atMost(1000),
  sandboxesClosedMax: atMost(10_000),
  connectionsPerSandboxMax: atMost(64),
  linesPerSecond: atMost(2000),
  linesBurst: atMost(4000),
  lineBytesPerSecond: atMost(4 * 1024 * 1024),
  ownStreamsMax: atMost(20_000),
  refusalWindowMs: atMost(1000),
  refusalsPendingMax: atMost(1024),
});
export type GatewayLimits = z.infer<typeof GatewayLimits>;

/** The configuration. Defaults stand beside the units. */
export const GatewayConfig = z.strictObject({
  node: NodeName,
  tenant: Tenant.default('default'),
  /** Epoch, registrations; kept across restarts. */
  stateDir: z.string().min(1),
  enrolmentPath: z.string().min(1),
  /** The socket of this machine's hosts; only its owner may open it. */
  socketPath: z.string().min(1),
  /** The directories of the sandboxes' sockets; only its owner may enter it. */
  sandboxesDir: z.string().min(1),
  /** A TCP address too; beyond loopback only with TLS. */
  tcp: z
    .strictObject({
      host: z.string().min(1),
      port: z.int().min(0).max(65_535),
      tls: z.strictObject({ certPath: z.string(), keyPath: z.string() }).optional(),
    })
    .optional(),
  tickMs: atMost(5000),
  limits: GatewayLimits.prefault({}),
});
export type GatewayConfig = z.infer<typeof GatewayConfig>;
