// What every destination can be told: what it gets, how much at once, how long it is waited for.
import { BlockList, isIP } from 'node:net';
import { Severity, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';

const KindName = z.string().regex(/^[a-z]+(?:\.[a-z]*)?$/);
/** Where a file lies: from the root on, so that it does not depend on who starts what where. */
export const AbsolutePath = text(4096).regex(/^\//, 'a path from the root on');

/** Settings that all types share; times in milliseconds, sizes in bytes. */
export const sharedSettings = {
  /** Only these kinds; `network.` is the whole family. Absent: all. */
  kinds: z.array(KindName).max(64).optional(),
  /** Not these, even where `kinds` names them. */
  exceptKinds: z.array(KindName).max(64).optional(),
  severityMin: Severity.default('info'),
  /** OCSF attributes by name, masked wherever they stand. */
  redact: z
    .array(z.string().regex(/^[a-z0-9_]{1,64}$/))
    .max(64)
    .default([]),
  /** Where a destination that is new begins. */
  from: z.enum(['beginning', 'now']).default('beginning'),
  /** A larger event is cut, with its hash. */
  messageBytesMax: z.int().min(8192).max(16_777_216).default(262_144),
  batchRowsMax: z.int().min(1).max(10_000).default(4000),
  batchBytesMax: z.int().min(65_536).max(33_554_432).default(8_388_608),
  /** How long one batch may take before it counts as failed. */
  timeoutMs: z.int().min(50).max(120_000).default(10_000),
  /** The longest pause between two attempts. */
  retryMsMax: z.int().min(10).max(600_000).default(30_000),
  /** Rejected events that are kept for `forward replay`; beyond that the destination waits. */
  deadMax: z.int().min(1).max(1_000_000).default(10_000),
};

/** Certificates by file: who is believed, and who we are where the other side asks. */
export const TlsFiles = z.strictObject({
  caFile: AbsolutePath.optional(),
  certFile: AbsolutePath.optional(),
  keyFile: AbsolutePath.optional(),
  /** The name in the other side's certificate, where it is not the host's. */
  serverName: text(255).optional(),
});
export type TlsFiles = z.infer<typeof TlsFiles>;

/** An http or https URL without credentials: those come from files. */
export const HttpUrl = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .refine((url) => new URL(url).username === '' && new URL(url).password === '', {
    message: 'credentials come from a file, not in the URL',
  })
  .refine((url) => new URL(url).protocol === 'https:' || isLoopback(new URL(url).hostname), {
    message: 'https is required beyond loopback',
  });

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True for an address (or `localhost`) that does not leave this machine. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(bare);
  if (family === 0) return bare === 'localhost';
  return loopback.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}
