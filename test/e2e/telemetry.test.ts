// OpenTelemetry from the real product to a receiver: spans of each stage, a trace for each finding.
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findingTrace } from '@sandtrail/runtime/spans';
import { inHand, stageBalances } from '@sandtrail/runtime/stage-balances';
import type { Finding } from '@sandtrail/schemas/finding';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OtlpReceiver, startOtlpReceiver } from '../world/otlp-receiver.ts';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { awaitRecord, findingsOf } from '../world/seen.ts';
import { until } from '../world/until.ts';
import { runWorkload, startWorkload, watchOnly } from '../world/workload.ts';

const secret = 'otlp-secret-7731';
let product: TestProduct;
let receiver: OtlpReceiver;
const headersFile = path.join(tmpdir(), `st-otlp-${process.pid}`);
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  writeFileSync(headersFile, `x-api-key: ${secret}\n`, { mode: 0o600 });
  const { endpoint } = receiver;
  product = await startTestProduct({
    telemetry: { otlp: { endpoint, headersFile, exportMs: 500 } },
  });
});
afterAll(async () => {
  expect(await product.close()).toEqual([]);
  await receiver.close();
  rmSync(headersFile);
});

/** The spans of a finding's trace, once all of these names are there. */
async function traceOf(finding: Finding, names: readonly string[]) {
  const { traceId } = findingTrace(finding.id);
  const own = () => receiver.spans.filter((span) => span.traceId === traceId);
  const have = () => own().map(({ name }) => name);
  return until(() => names.every((name) => have().includes(name)) && own(), {
    what: `${names.join(', ')} of the trace`,
    withinMs: 20_000,
  }).catch((error: unknown) => {
    throw new Error(`${error}; there were ${have().join(', ')}`);
  });
}

const beforeContainment = ['finding', 'observe', 'log', 'judge', 'seal'];

test('a finding has one trace, from the observation to the containment, across processes', async () => {
  const script = 'curl -s -m 2 -o /dev/null http://drop.example.net/x; sleep 60';
  const { uid, signals, ended } = startWorkload(product, { script });
  const { body } = await awaitRecord(product, uid, 'containment.requested');
  await product.command(['approve', body.request.id], { actor: 'maria' });
  await awaitRecord(product, uid, 'containment.verified');
  signals.emit('SIGTERM');
  await ended;
  const finding = findingsOf(product, uid).find(({ id }) => body.request.incident.endsWith(id));
  if (finding === undefined) throw new Error('no finding led to it');
  const names = [...beforeContainment, 'respond', 'host.contain', 'contain'];
  const spans = await traceOf(finding, names);
  const { root } = findingTrace(finding.id);
  expect(spans.filter(({ name }) => name === 'finding')).toHaveLength(1);
  for (const span of spans) {
    expect(span.parentSpanId, span.name).toBe(span.name === 'finding' ? '' : root);
    expect(span.endTimeUnixNano - span.startTimeUnixNano).toBeGreaterThanOrEqual(0n);
  }
  expect(spans.find(({ name }) => name === 'finding')?.spanId).toBe(root);
  expect(spans.find(({ name }) => name === 'host.contain')?.process).toBe('host');
  const at = (name: string) => spans.find((span) => span.name === name)?.endTimeUnixNano ?? 0n;
  expect(at('observe')).toBeLessThan(at('judge'));
  expect(at('judge')).toBeLessThan(at('contain'));
});

test('what the host contains by its own reflex is in the trace of the finding that follows', async () => {
  const script = 'cat /proc/1/root/etc/shadow; sleep 60';
  const { uid, signals, ended } = startWorkload(product, { script });
  await awaitRecord(product, uid, 'containment.verified');
  const finding = await until(
    () => findingsOf(product, uid).find(({ detector }) => detector === 'escape-primitive'),
    { what: 'the finding of the escape' },
  );
  const spans = await traceOf(finding, [...beforeContainment, 'respond', 'contain']);
  const states = spans.map(({ attributes }) => attributes['sandtrail.state']);
  expect(states).toContain('verified');
  await product.command(['release', uid], { actor: 'maria' });
  signals.emit('SIGTERM');
  await ended;
});

test('every stage has its spans, one for a batch and never one for an event', async () => {
  const stages = ['gateway.batch', 'bus.append', 'sealer.block', 'store.insert', 'detector.judge'];
  const wanted = [...stages, 'responder.finding'];
  await runWorkload(product, { script: 'for i in $(seq 300); do echo $i > file; done' });
  await until(() => wanted.every((name) => receiver.spans.some((span) => span.name === name)), {
    what: wanted.join(', '),
  });
  const judged = receiver.spans.filter(({ name }) => name === 'detector.judge');
  const records = judged.reduce((sum, { attributes }) => sum + countOf(attributes), 0);
  expect(records).toBeGreaterThan(3 * judged.length);
});

test('metrics arrive from each process, and each stage adds up in them', async () => {
  const newest = await until(
    () => {
      const counters: Record<string, number> = {};
      const last = new Map(receiver.metrics.map((each) => [`${each.process} ${each.name}`, each]));
      for (const { name, sum } of last.values()) {
        const total = sum?.dataPoints.reduce((all, { asDouble }) => all + asDouble, 0) ?? 0;
        const key = name.replace('sandtrail.', '');
        counters[key] = (counters[key] ?? 0) + total;
      }
      const isResting = stageBalances.every((each) => inHand(each, counters) === 0);
      return isResting && (counters['gateway.received'] ?? 0) > 0 ? last : undefined;
    },
    { what: 'sums that agree', withinMs: 30_000 },
  );
  const processes = new Set([...newest.values()].map(({ process }) => process));
  expect(processes).toEqual(new Set(['core', 'host', 'signer']));
  const lag = newest.get('core sandtrail.sealer.event_to_sealed')?.histogram?.dataPoints[0];
  expect(lag?.bucketCounts).toHaveLength((lag?.explicitBounds.length ?? 0) + 1);
  expect(newest.get('host sandtrail.kit.emitted')?.sum?.isMonotonic).toBe(true);
});

test('the headers go with each request and stand nowhere else; no sandbox text is sent', async () => {
  const canary = 'span-canary-8842';
  const script = `cat /etc/${canary}; cat /proc/1/root/etc/${canary}`;
  await runWorkload(product, { script, policy: watchOnly() });
  const before = receiver.raw.length;
  await until(() => receiver.raw.length > before + 6, { what: 'more exports' });
  expect(receiver.headers.every((headers) => headers['x-api-key'] === secret)).toBe(true);
  const sent = Buffer.concat(receiver.raw).toString('latin1');
  expect(sent).not.toContain(canary);
  expect(sent).not.toContain(secret);
  expect(product.log).not.toContain(secret);
});

function countOf(attributes: Readonly<Record<string, unknown>>): number {
  return Number(attributes['sandtrail.records'] ?? 0);
}
