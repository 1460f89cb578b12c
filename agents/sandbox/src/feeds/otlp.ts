// OTLP as JSON lines (the collector's file exporter): spans and log records of the GenAI conventions.
import { type Feed, type FeedEntry, jsonOfLine, refusal } from '@sandtrail/kit/feed';
import * as z from 'zod';
import { genAiEntry } from '../gen-ai.ts';
import { type Attributes, attributesOf, KeyValues, plainValue, textOf } from '../otlp-value.ts';

const Ns = z
  .union([z.string().regex(/^\d{1,20}$/), z.int().min(0)])
  .transform((ns) => BigInt(ns))
  .optional();
const Resource = z.looseObject({ attributes: KeyValues }).default({ attributes: [] });
const Span = z.looseObject({
  name: z.string().max(4096).default(''),
  startTimeUnixNano: Ns,
  endTimeUnixNano: Ns,
  attributes: KeyValues,
  status: z.looseObject({ code: z.union([z.int(), z.string()]).optional() }).default({}),
});
const LogRecord = z.looseObject({
  timeUnixNano: Ns,
  observedTimeUnixNano: Ns,
  eventName: z.string().max(256).optional(),
  attributes: KeyValues,
  body: z.unknown().optional(),
});
const Line = z.looseObject({
  resourceSpans: z
    .array(
      z.looseObject({
        resource: Resource,
        scopeSpans: z.array(z.looseObject({ spans: z.array(z.unknown()).default([]) })).default([]),
      }),
    )
    .default([]),
  resourceLogs: z
    .array(
      z.looseObject({
        resource: Resource,
        scopeLogs: z
          .array(z.looseObject({ logRecords: z.array(z.unknown()).default([]) }))
          .default([]),
      }),
    )
    .default([]),
});

/** What agents tell of themselves by OpenTelemetry: claims, like all that comes from a sandbox. */
export const otlpFeed: Feed = {
  name: 'otlp',
  blindSpots: [
    'what the agent’s instrumentation leaves out: contents are opt-in in most of them',
    'metrics: they hold no event',
  ],
  read(line, nowNs) {
    const json = jsonOfLine(line);
    return 'bad' in json ? [json.bad] : readOtlp(json.value, nowNs);
  },
};

/** The entries of one parsed line: one for each span and each log record. */
export function readOtlp(value: unknown, nowNs: bigint): readonly FeedEntry[] {
  const parsed = Line.safeParse(value);
  if (!parsed.success) return [refusal('malformed', z.prettifyError(parsed.error))];
  const { resourceSpans, resourceLogs } = parsed.data;
  const spans = resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const about = attributesOf(resource.attributes);
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => spanEntry(span, about, nowNs)));
  });
  const logs = resourceLogs.flatMap(({ resource, scopeLogs }) => {
    const about = attributesOf(resource.attributes);
    return scopeLogs.flatMap((scope) =>
      scope.logRecords.map((record) => logEntry(record, about, nowNs)),
    );
  });
  const entries = [...spans, ...logs];
  return entries.length > 0 ? entries : [refusal('no_event', 'neither spans nor log records')];
}

function spanEntry(value: unknown, about: Attributes, nowNs: bigint): FeedEntry {
  const parsed = Span.safeParse(value);
  if (!parsed.success) return refusal('malformed', z.prettifyError(parsed.error));
  const { startTimeUnixNano: startNs = nowNs, endTimeUnixNano: endNs = startNs } = parsed.data;
  const failed = parsed.data.status.code === 2 || parsed.data.status.code === 'STATUS_CODE_ERROR';
  const attributes = new Map([...about, ...attributesOf(parsed.data.attributes)]);
  return genAiEntry({ name: parsed.data.name, attributes, startNs, endNs, failed });
}

function logEntry(value: unknown, about: Attributes, nowNs: bigint): FeedEntry {
  const parsed = LogRecord.safeParse(value);
  if (!parsed.success) return refusal('malformed', z.prettifyError(parsed.error));
  const { timeUnixNano, observedTimeUnixNano, eventName, body } = parsed.data;
  const attributes = new Map([...about, ...attributesOf(parsed.data.attributes)]);
  const content = plainValue(body);
  if (content !== undefined && content !== null) attributes.set('body', content);
  // A time of zero is OTLP's way to say that it is not known.
  const startNs = timeUnixNano || observedTimeUnixNano || nowNs;
  const name = eventName ?? textOf(attributes.get('event.name')) ?? textOf(content) ?? '';
  return genAiEntry({ name, attributes, startNs, endNs: startNs, failed: false });
}
