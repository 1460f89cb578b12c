// The headers that a proxy hands on: without those of one hop only, and with framing written plainly.
import type { IncomingMessage } from 'node:http';
import { headerValues } from './plain-request.ts';

/** Headers as Node takes and gives them: name, value, name, value. */
export type FlatHeaders = readonly string[];

// RFC 9110 §7.6.1 and what older proxies used; every `Proxy-*` header besides.
const oneHop: readonly string[] = [
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
];

/** Headers for the destination; `host` is the canonical authority, whatever the client wrote. */
export function requestHeaders(request: IncomingMessage, host: string): string[] {
  const dropped = new Set([...oneHop, ...namedByConnection(request), 'host', 'expect']);
  const kept = withoutDropped(request.rawHeaders, dropped);
  return ['Host', host, ...kept, ...requestFraming(request)];
}

/** Headers for the client. Node writes the framing that fits the client's version. */
export function responseHeaders(response: IncomingMessage): string[] {
  const dropped = new Set([...oneHop, ...namedByConnection(response)]);
  return withoutDropped(response.rawHeaders, dropped);
}

/** Names of the headers that a request carried, for the record. */
export function headerNames({ rawHeaders }: IncomingMessage): string[] {
  const names = rawHeaders.filter((_, at) => at % 2 === 0);
  return names.slice(0, namesMax).map((name) => name.slice(0, nameSizeMax).toLowerCase());
}

const namesMax = 64;
const nameSizeMax = 64;

function namedByConnection(message: IncomingMessage): string[] {
  const tokens = headerValues(message, 'connection').join(',').toLowerCase().split(',');
  // Content-Length frames the message: naming it in Connection must not make two readers disagree.
  return tokens.map((token) => token.trim()).filter((token) => token !== 'content-length');
}

function withoutDropped(raw: FlatHeaders, dropped: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = raw.slice(at, at + 2);
    const lower = name.toLowerCase();
    if (!dropped.has(lower) && !lower.startsWith('proxy-')) kept.push(name, value);
  }
  return kept;
}

const bodiless: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE'];

function requestFraming(request: IncomingMessage): string[] {
  if (headerValues(request, 'transfer-encoding').length > 0)
    return ['Transfer-Encoding', 'chunked'];
  const framed = headerValues(request, 'content-length').length > 0;
  return framed || bodiless.includes(request.method ?? '') ? [] : ['Content-Length', '0'];
}
