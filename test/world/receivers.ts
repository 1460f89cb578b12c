// What a test's product forwards to: a file, rsyslog over TLS, OpenSearch, a webhook, and nobody.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeCertificates } from '@sandtrail/forwarder/testbed/certificates';
import { startOpenSearch } from '@sandtrail/forwarder/testbed/opensearch';
import { freePort, startRsyslog } from '@sandtrail/forwarder/testbed/rsyslog';
import { startWebhookReceiver } from '@sandtrail/forwarder/testbed/webhook-receiver';
import { chooseAccounts } from '@sandtrail/local/accounts';
import * as z from 'zod';

/** An OCSF event, as far as tests look at it. */
export const Event = z.looseObject({
  class_uid: z.int(),
  device: z.looseObject({ uid: z.string() }).optional(),
  metadata: z.looseObject({ uid: z.string(), event_code: z.string().optional() }),
});
export type Event = z.infer<typeof Event>;

const Hits = z.object({ hits: z.object({ hits: z.array(z.object({ _source: Event })) }) });
const index = new URL('../../deploy/opensearch/sandtrail-index.json', import.meta.url);
const secret = 'a-secret-that-both-sides-share';

export type Receivers = Awaited<ReturnType<typeof startReceivers>>;

/** Starts them all; `destinations` is what the product is told of them. */
export async function startReceivers() {
  const dir = mkdtempSync(path.join(tmpdir(), 'st-out-'));
  // The core, a user of its own, writes the file here.
  chmodSync(dir, 0o777);
  const logs = path.join(dir, 'rsyslog');
  mkdirSync(logs);
  const certificates = makeCertificates(dir);
  const secretFile = path.join(dir, 'webhook.secret');
  writeFileSync(secretFile, secret);
  for (const file of [secretFile, certificates.client.key]) ownByCore(file);
  const rsyslog = await startRsyslog({ dir: logs, certificates });
  const webhook = await startWebhookReceiver(secret);
  const search = await startOpenSearch(process.env['XDG_CACHE_HOME']);
  await search.ask('PUT', '/sandtrail', JSON.parse(readFileSync(index, 'utf8')));
  // Its mapping refuses every event, as an index does that somebody made for something else.
  await search.ask('PUT', '/strict', { mappings: { properties: { time: { type: 'ip' } } } });
  const file = path.join(dir, 'ocsf.ndjson');
  const { ca, client } = certificates;
  const tls = { caFile: ca, certFile: client.cert, keyFile: client.key };
  const strict = { type: 'elastic', url: search.url, index: 'strict', kinds: ['finding'] };
  return {
    ...{ dir, rsyslog, webhook, search },
    destinations: {
      archive: { type: 'file', path: file },
      soc: { type: 'syslog', host: '127.0.0.1', port: rsyslog.port, tls },
      search: { type: 'elastic', url: search.url },
      scheduler: { type: 'webhook', url: `http://127.0.0.1:${webhook.port}/`, secretFile },
      nobody: { type: 'elastic', url: `http://127.0.0.1:${await freePort()}`, retryMsMax: 500 },
      strict,
    },
    /** What each has received, as OCSF. */
    received: {
      archive: async () => eventsIn(file),
      soc: async () => rsyslog.received().map(({ msg }) => Event.parse(JSON.parse(msg))),
      search: () => indexed(search, 'sandtrail'),
      scheduler: async () => webhook.events.map(({ data }) => Event.parse(data)),
    },
    async close() {
      await Promise.all([rsyslog.stop(), webhook.close(), search.close()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The events of an index that are findings, or all where they are few. */
async function indexed(search: Awaited<ReturnType<typeof startOpenSearch>>, name: string) {
  await search.ask('POST', `/${name}/_refresh`);
  const query = `/${name}/_search?size=10000&q=class_uid:2004`;
  const { hits } = Hits.parse(await search.ask('GET', query));
  return hits.hits.map(({ _source }) => _source);
}

function eventsIn(file: string): readonly Event[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => Event.parse(JSON.parse(line)));
}

function ownByCore(file: string): void {
  const { core } = chooseAccounts({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
  chownSync(file, core.uid, core.gid);
  chmodSync(file, 0o600);
}
