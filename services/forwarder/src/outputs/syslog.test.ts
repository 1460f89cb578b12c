// Syslog over TLS against a real rsyslog: who is believed, and what a dying receiver costs.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Message } from '../output.ts';
import { Destination, openOutput } from '../outputs.ts';
import { type Certificates, makeCertificates } from '../testbed/certificates.ts';
import { type Rsyslog, startRsyslog } from '../testbed/rsyslog.ts';

const parts = { clock: systemClock, random: systemRandom, node: 'node-1' };
const dir = mkdtempSync(path.join(tmpdir(), 'sandtrail-sys-'));
let certificates: Certificates;
let rsyslog: Rsyslog;

beforeAll(async () => {
  certificates = makeCertificates(dir);
  rsyslog = await startRsyslog({ dir, certificates });
});
afterAll(async () => {
  await rsyslog.stop();
  rmSync(dir, { recursive: true, force: true });
});

function message(pos: number): Message {
  const about = { kind: 'finding', sandbox: 'sandbox-1', severity: 'high' } as const;
  const text = JSON.stringify({ pos, hostile: 'a\n<13>1 - - forged \u0000 CEF:0|x=y' });
  return { uid: `chain:${pos}`, chain: 'chain', pos: BigInt(pos), timeMs: 0, ...about, text };
}

function outputWith(tls: Readonly<Record<string, string>>, port = rsyslog.port) {
  const settings = { type: 'syslog', host: '127.0.0.1', port, tls };
  return openOutput(Destination.parse(settings), parts);
}

const ours = () => ({
  caFile: certificates.ca,
  certFile: certificates.client.cert,
  keyFile: certificates.client.key,
});

test('rsyslog parses header and structured data; what looks like a message in a message is text', async () => {
  const output = outputWith(ours());
  await output.deliver([message(1)], AbortSignal.timeout(5000));
  await output.close();
  await expect.poll(() => rsyslog.received().length, { timeout: 10_000 }).toBe(1);
  expect(rsyslog.received()).toEqual([
    {
      ...{ pri: '107', host: 'node-1', app: 'sandtrail', msgid: 'finding' },
      data: '[sandtrail@32473 uid="chain:1" chain="chain" pos="1" sandbox="sandbox-1" severity="high"]',
      msg: message(1).text,
    },
  ]);
});

test.each([
  ['a stranger’s certificate', () => ({ ...ours(), ...fromPair(certificates.stranger) })],
  ['the wrong name', () => ({ ...ours(), ...fromPair(certificates.server) })],
  ['no certificate', () => ({ caFile: certificates.ca })],
])('with %s nothing counts as delivered', async (_name, tls) => {
  const before = rsyslog.received().length;
  const output = outputWith(tls());
  const sending = output.deliver([message(2)], AbortSignal.timeout(5000));
  await expect(sending).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
  await output.close();
  expect(rsyslog.received()).toHaveLength(before);
});

test('a receiver that somebody else certified is not spoken to', async () => {
  const output = outputWith({ ...ours(), caFile: path.join(dir, 'other-authority.pem') });
  const sending = output.deliver([message(3)], AbortSignal.timeout(5000));
  await expect(sending).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
  await output.close();
});

test('after a restart of the receiver the same output goes on', async () => {
  const own = path.join(dir, 'restarted');
  mkdirSync(own);
  const first = await startRsyslog({ dir: own, certificates });
  const output = outputWith(ours(), first.port);
  expect(await output.deliver([message(4)], AbortSignal.timeout(5000))).toEqual(['delivered']);
  await expect.poll(() => first.received().length, { timeout: 10_000 }).toBe(1);
  await first.stop('SIGKILL');
  const away = output.deliver([message(5)], AbortSignal.timeout(5000));
  await expect(away).rejects.toMatchObject({ code: 'DESTINATION_UNREACHABLE' });
  const second = await startRsyslog({ dir: own, certificates, port: first.port });
  expect(await output.deliver([message(5)], AbortSignal.timeout(5000))).toEqual(['delivered']);
  await expect.poll(() => second.received().length, { timeout: 10_000 }).toBe(2);
  await output.close();
  await second.stop();
});

function fromPair({ cert, key }: Certificates['stranger']) {
  return { certFile: cert, keyFile: key };
}
