// Who is asking: only pages of this console, under a name that is the console's own.
import type { IncomingHttpHeaders } from 'node:http';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { isLoopback, type ListenConfig } from '../config.ts';
import { requestHeader } from '../contract/session.ts';

interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** The hosts (`name:port`) under which the console answers: others are DNS rebinding. */
export function ownHosts({ host, names, tls }: ListenConfig, port: number): ReadonlySet<string> {
  const own = isLoopback(host) ? ['127.0.0.1', 'localhost', '[::1]'] : [bracketed(host)];
  const all = [...own, bracketed(host), ...names.map((name) => name.toLowerCase())];
  const usual = tls === undefined ? 80 : 443;
  const withPort = all.map((name) => `${name}:${port}`);
  return new Set(port === usual ? [...withPort, ...all] : withPort);
}

interface Own {
  readonly hosts: ReadonlySet<string>;
  readonly scheme: 'http' | 'https';
}

/**
 * Refuses a request under a foreign name, and one that another site's page sent: a browser names
 * that page in `Origin` and `Sec-Fetch-Site`, and a form cannot set the console's own header.
 * @throws SandtrailError `REQUEST_FOREIGN`
 */
export function checkOrigin({ method, headers }: Asked, { hosts, scheme }: Own): void {
  const { host = '', origin } = headers;
  if (!hosts.has(host.toLowerCase())) throw foreign('the Host header is not of this console');
  const isOwn = origin === `${scheme}://${host}`.toLowerCase();
  if (origin !== undefined && !isOwn) throw foreign('the Origin header is not of this console');
  const site = headers['sec-fetch-site'];
  const isForeignPage = site === 'cross-site' || site === 'same-site';
  const isOpening = headers['sec-fetch-mode'] === 'navigate' && method === 'GET';
  if (isForeignPage && !isOpening) throw foreign('another site asked for it');
  if (method === 'GET' || method === 'HEAD') return;
  if (!isOwn) throw foreign('there is no Origin header');
  if (headers[requestHeader.name] !== requestHeader.value)
    throw foreign(`the header ${requestHeader.name} is missing`);
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host.toLowerCase();
}

function foreign(detail: string): SandtrailError {
  return new SandtrailError('REQUEST_FOREIGN', { detail });
}
