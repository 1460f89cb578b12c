// The console's settings: where it listens, and with which certificate.
import { text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';

/** `config.yaml`: `console: off`, or where. Beyond loopback only with a certificate and its key. */
export const ConsoleConfig = z.union([
  z.literal('off'),
  z
    .strictObject({
      host: text(253).min(1).default('127.0.0.1'),
      /** 0 takes a free one. */
      port: z.int().min(0).max(65_535).default(7411),
      /** Names beside `host` under which browsers may reach it. */
      names: z
        .array(text(253).regex(/^[a-z0-9.:[\]-]+$/i))
        .max(16)
        .default([]),
      tls: z.strictObject({ certFile: text(4096), keyFile: text(4096) }).optional(),
    })
    .refine(({ host, tls }) => tls !== undefined || isLoopback(host), {
      error: 'beyond this machine the console needs tls: {certFile, keyFile}',
    }),
]);
export type ConsoleConfig = z.infer<typeof ConsoleConfig>;

/** Where a console listens that is not off. */
export type ListenConfig = Exclude<ConsoleConfig, 'off'>;

/** True for names and addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
