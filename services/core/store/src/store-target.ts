// Where a store answers: chDB's Unix socket, or a ClickHouse server's URL with a login and TLS.
import { isIP } from 'node:net';
import { SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';

const path = z.string().min(1).max(4096);
const Login = z.strictObject({ user: z.string().min(1).max(256), passwordFile: path });

/** A server; files are read when a client is made, so that no secret lies in here. */
export const ServerTarget = z.strictObject({
  /** `http://` or `https://`, port, and the database as path where it is not `default`. */
  url: z.string().max(2048).refine(isServerUrl, {
    error: 'http:// or https://HOST[:PORT][/DATABASE], without user, password and query',
  }),
  login: Login.optional(),
  /** PEM of the authority; the machine's own list holds without it. */
  ca: path.optional(),
  /** Beyond this machine only TLS is spoken, unless this is true. */
  plaintext: z.boolean().default(false),
});
export type ServerTarget = z.infer<typeof ServerTarget>;

/** Where to send statements; it can be handed to a worker or another process. */
export const StoreTarget = z.union([z.strictObject({ socketPath: path }), ServerTarget]);
export type StoreTarget = z.infer<typeof StoreTarget>;

/** The product's store on a server: `reader` is the login of those who only read. */
export const ServedStore = ServerTarget.extend({ reader: Login.optional() });
export type ServedStore = z.infer<typeof ServedStore>;

/** Where those go who only read; with the writer's login where they have none of their own. */
export function readTargetOf({ reader, ...target }: ServedStore): ServerTarget {
  return reader === undefined ? target : { ...target, login: reader };
}

/**
 * Refuses to speak in the clear to another machine.
 * @throws SandtrailError `CONFIG_INVALID`
 */
export function checkStoreSecrecy({ url, plaintext }: ServerTarget): void {
  const { protocol, hostname } = new URL(url);
  const isNear = hostname === 'localhost' || hostname === '[::1]';
  if (protocol === 'https:' || plaintext || isNear) return;
  if (isIP(hostname) === 4 && hostname.startsWith('127.')) return;
  const detail = `store: ${hostname} is not this machine: use https, or store.plaintext: true`;
  throw new SandtrailError('CONFIG_INVALID', { detail });
}

function isServerUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password, search, pathname } = new URL(url);
  const isBare = username === '' && password === '' && search === '';
  return isBare && /^https?:$/.test(protocol) && /^\/\w{0,64}$/.test(pathname);
}
