// A server of test code that speaks the console's contract: for volumes, delays and failures at will.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventRow } from '@sandtrail/console/contract/event-row';
import { securityHeaders } from '@sandtrail/console/http/security-headers';
import { isView, loadStaticFiles } from '@sandtrail/console/http/static-files';
import {
  alertDetailOf,
  alertOf,
  alertPageOf,
  containment,
  detailOf,
  eventDetailOf,
  fleet,
  integrity,
  pipeline,
  session,
  summaryOf,
} from './made-answers.ts';
import { nsOf, startMs } from './made-events.ts';

/** What the server tells, and how it behaves; a test changes it while it runs. */
export interface Behaviour {
  rows: readonly EventRow[];
  /** The sandbox's name: hostile in one test. */
  name: string;
  delayMs: number;
  /** Every API answer is this status instead; 0 answers. */
  status: number;
  /** Events a second on the live feed. */
  perSecond: number;
  /** Sends half a message and stays silent. */
  halfMessage: boolean;
}

/** A running server. */
export interface ContractServer {
  readonly url: string;
  readonly behaviour: Behaviour;
  /** Rows that were sent on the newest live feed. */
  readonly sent: () => number;
  readonly acts: unknown[];
  close(): Promise<void>;
}

const pages = loadStaticFiles(path.resolve(import.meta.dirname, '../../dashboards/soc/dist'));

/** Starts it on a free port of loopback. */
export async function startContractServer(given: Partial<Behaviour> = {}): Promise<ContractServer> {
  const behaviour: Behaviour = {
    ...{
      rows: [],
      name: 'payments-fixer',
      delayMs: 0,
      status: 0,
      perSecond: 0,
      halfMessage: false,
    },
    ...given,
  };
  const count = { sent: 0, newest: 0 };
  const acts: unknown[] = [];
  const server = createServer((request, response) => {
    answer({ behaviour, count, acts }, request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = addressOf(server.address());
  return {
    ...{ behaviour, acts, url: `http://127.0.0.1:${port}` },
    sent: () => count.newest,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

interface Parts {
  readonly behaviour: Behaviour;
  readonly count: { sent: number; newest: number };
  readonly acts: unknown[];
}

async function answer(parts: Parts, request: IncomingMessage, response: ServerResponse) {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (!url.pathname.startsWith('/api/')) return sendPage(url.pathname, response);
  const { status, delayMs } = parts.behaviour;
  if (delayMs > 0) await delay(delayMs);
  if (status !== 0) return send(response, problemOf(status), status);
  if (url.pathname === '/api/v1/live') return tell(parts, request, response);
  const body = await textOf(request);
  if (request.method === 'POST') parts.acts.push(JSON.parse(body));
  const answered = routeOf(parts.behaviour, url, body);
  return send(response, answered ?? problemOf(404), answered === undefined ? 404 : 200);
}

function routeOf(behaviour: Behaviour, { pathname, searchParams }: URL, body: string): unknown {
  const { rows, name } = behaviour;
  const route = pathname.replace('/api/v1', '');
  const findings = rows.filter(({ finding }) => finding !== null);
  const alerts = findings.map((row) => alertOf(row, `${row.finding?.title}: ${name}`));
  const [, first = '', second = '', third = ''] = route.split('/');
  if (route === '/session') return session;
  if (route === '/events') return pageOf(rows, searchParams);
  if (route === '/events/histogram') return histogramOf(rows);
  if (first === 'events') return detailAt(rows, second, third);
  if (route === '/sandboxes')
    return {
      sandboxes: [summaryOf(rows.length, name)],
      total: 1,
      before: null,
      askedAtNs: nsOf(startMs),
    };
  if (third !== '' && route.endsWith('/processes')) return processesOf(rows);
  if (third !== '' && route.endsWith('/network')) return networkOf(name);
  if (first === 'sandboxes') return detailOf(rows.length, name);
  if (route === '/alerts') return alertPageOf(alerts);
  if (route === '/alerts/acts') return receiptOf(JSON.parse(body));
  if (first === 'alerts') {
    const at = alerts.findIndex(({ id }) => id === second);
    const alert = alerts[at];
    const evidence = findings[at]?.finding?.evidence[0];
    const rests = rows.find(
      ({ seq, stream }) => seq === evidence?.seq && stream === evidence.stream,
    );
    return alert === undefined ? undefined : alertDetailOf(alert, rests);
  }
  if (route === '/containment') return containment;
  if (first === 'containment') return { ...containment.recent[0], state: 'verified' };
  if (route === '/integrity') return integrity;
  if (route === '/pipeline') return pipeline;
  if (route === '/fleet') return fleet;
  if (route === '/audit') return auditOf(name);
  return undefined;
}

/** A page of the rows, oldest or newest first, with cursors that are places in the list. */
function pageOf(all: readonly EventRow[], search: URLSearchParams) {
  const text = search.get('text')?.toLowerCase();
  const rows =
    text === undefined ? all : all.filter(({ summary }) => summary.toLowerCase().includes(text));
  const limit = Number(search.get('limit') ?? '200');
  const after = Number(search.get('after') ?? '0');
  const from = search.get('edge') === 'oldest' ? after : Math.max(0, rows.length - limit);
  const end = Math.min(rows.length, from + limit);
  const isExact = search.get('totals') !== 'none';
  return {
    rows: rows.slice(from, end),
    before: from > 0 ? `${from}` : null,
    after: end < rows.length ? `${end}` : null,
    totals: isExact
      ? { isExact, rows: rows.length, byFamily: {}, byKind: {}, bySeverity: {} }
      : { isExact, rowsAtLeast: null, bound: 'not_asked', boundMs: null },
    unreadable: 0,
    askedAtNs: nsOf(startMs),
  };
}

function histogramOf(rows: readonly EventRow[]) {
  const first = Number(BigInt(rows[0]?.timeNs ?? '0') / 1_000_000n);
  const last = Number(BigInt(rows.at(-1)?.timeNs ?? '0') / 1_000_000n) + 1;
  const step = Math.max(1, Math.ceil((last - first) / 160));
  const buckets = new Map<number, Record<string, number>>();
  for (const { timeNs, family } of rows) {
    const at = Math.floor((Number(BigInt(timeNs) / 1_000_000n) - first) / step);
    const bucket = buckets.get(at) ?? {};
    bucket[family] = (bucket[family] ?? 0) + 1;
    buckets.set(at, bucket);
  }
  return {
    fromNs: nsOf(first),
    untilNs: nsOf(first + step * 160),
    bucketNs: nsOf(step),
    buckets: [...buckets].map(([at, byFamily]) => ({
      atNs: nsOf(first + at * step),
      byFamily,
      findings: {},
    })),
  };
}

function detailAt(rows: readonly EventRow[], chain: string, pos: string) {
  const at = rows.findIndex((row) => row.chain === chain && row.pos === pos);
  const row = rows[at];
  return row === undefined
    ? undefined
    : eventDetailOf(row, rows.slice(Math.max(0, at - 6), at + 1));
}

function processesOf(rows: readonly EventRow[]) {
  const executed = rows
    .filter(({ kind, process }) => kind === 'process.exec' && process !== null)
    .slice(0, 2000);
  const known = new Map(executed.map(({ process }) => [process?.pid, process]));
  const processes = executed.map(({ process, summary, timeNs, chain, pos }) => {
    const parent = known.get(process?.ppid ?? -1);
    return {
      ...{ pid: process?.pid ?? 0, startNs: process?.startNs ?? '0', uid: 1000 },
      parent: parent == null ? null : { pid: parent.pid, startNs: parent.startNs },
      ...{
        orphan: parent == null ? 'root' : 'no',
        exe: { raw: process?.exe ?? '', resolved: null },
      },
      ...{ argv: summary.split(' '), argvOmitted: 0, cwd: null, origin: null, firstAtNs: timeNs },
      ...{ exitAtNs: timeNs, exitCode: 0, exitSignal: null, execs: 1, events: { file: 12 } },
      ...{ findings: summary.startsWith('cat ') ? { high: 1 } : {}, at: { chain, pos } },
    };
  });
  return { processes, shown: processes.length, total: processes.length, isWatched: true };
}

function networkOf(name: string) {
  const last = { chain: 'a1'.repeat(32), pos: '1' };
  const times = { firstAtNs: nsOf(startMs), lastAtNs: nsOf(startMs), last };
  const common = {
    port: 443,
    addresses: ['203.0.113.7'],
    bytesOut: 431,
    bytesIn: 88_000,
    ...times,
  };
  return {
    watch: 'watched',
    destinations: [
      {
        ...common,
        host: 'registry.example',
        reach: 'allowed',
        rule: '*.example:443',
        denials: {},
        connections: 40,
        isNewForTemplate: false,
      },
      {
        ...common,
        host: `paste.example ${name}`,
        reach: 'denied',
        rule: null,
        denials: { not_allowed: 9 },
        connections: 9,
        isNewForTemplate: true,
      },
    ],
    destinationsTotal: 2,
    domains: [
      {
        domain: `example ${name}`,
        queries: 49,
        names: 2,
        byVerdict: { answered: 40, denied: 9 },
        longestNameChars: 20,
        firstAtNs: nsOf(startMs),
        lastAtNs: nsOf(startMs),
      },
    ],
    domainsTotal: 1,
    reach: {
      allowed: { destinations: 1, connections: 40 },
      denied: { destinations: 1, connections: 9 },
      undeclared: { destinations: 0, connections: 0 },
    },
    ...{ bytesOut: 862, bytesIn: 176_000 },
  };
}

function auditOf(name: string) {
  const entry = {
    ...{ at: { chain: 'a1'.repeat(32), pos: '3' }, timeNs: nsOf(startMs), kind: 'control.audit' },
    ...{ actor: `anna ${name}`, act: 'query', detail: name, outcome: 'done' },
    ...{ sandbox: null, incarnation: null },
  };
  return { entries: [entry], total: 1, before: null, askedAtNs: nsOf(startMs) };
}

function receiptOf({ act, ids }: { readonly act: string; readonly ids: readonly string[] }) {
  return {
    ...{ sealed: { stream: 'console/1', seq: '7' }, actor: 'anna', act, atNs: nsOf(startMs) },
    ...{ done: ids, unchanged: [], unknown: [], count: ids.length },
  };
}

/** The live feed: so many rows a second in messages of at most 500, and the status each second. */
async function tell(parts: Parts, request: IncomingMessage, response: ServerResponse) {
  const { behaviour, count } = parts;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (behaviour.halfMessage) return response.write('event: rows\ndata: {"rows": [');
  const begun = performance.now();
  const own = { sent: 0, statusAtMs: -1000 };
  while (!request.destroyed && !response.destroyed) {
    const nowMs = performance.now() - begun;
    const due = Math.min(500, Math.floor((nowMs / 1000) * behaviour.perSecond) - own.sent);
    if (due > 0) {
      const rows = Array.from({ length: due }, (_, at) => liveRow(behaviour.rows, count.sent + at));
      own.sent += due;
      count.newest = own.sent;
      count.sent += due;
      response.write(`id: ${count.sent}\nevent: rows\ndata: ${JSON.stringify({ rows })}\n\n`);
    }
    if (nowMs - own.statusAtMs >= 1000) {
      own.statusAtMs = nowMs;
      response.write(`event: status\ndata: ${JSON.stringify(statusOf(own.sent))}\n\n`);
    }
    await delay(20);
  }
}

/** A row that was not sent before: the next of the made ones under a position of its own. */
function liveRow(rows: readonly EventRow[], at: number): EventRow {
  const row = rows[at % Math.max(1, rows.length)];
  if (row === undefined) throw new Error('a live feed needs rows to tell');
  return { ...row, pos: `${1_000_000 + at}`, seq: `${1_000_000 + at}`, finding: null };
}

function statusOf(sent: number) {
  return {
    ...{ atNs: nsOf(startMs), behindMs: 200, received: sent, passedOver: 0, sent, dropped: 0 },
    ...{ waiting: 0, lost: '28', lostUnknown: 0, heartbeatAtNs: nsOf(startMs), collectors: 3 },
  };
}

function problemOf(status: number) {
  const code = status === 401 ? 'SESSION_MISSING' : status === 404 ? 'NOT_FOUND' : 'INTERNAL';
  const type = `urn:sandtrail:error:${code}`;
  return { type, title: `refused with ${status}`, status, detail: '', code, remedy: 'Ask again.' };
}

function sendPage(pathname: string, response: ServerResponse) {
  const file = pages.get(pathname) ?? (isView(pathname) ? pages.get('/index.html') : undefined);
  if (file === undefined) return send(response, problemOf(404), 404);
  response.writeHead(200, { 'content-type': file.type });
  return response.end(file.bytes);
}

function send(response: ServerResponse, value: unknown, status: number) {
  const type = status === 200 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type });
  return response.end(JSON.stringify(value));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address;
}
