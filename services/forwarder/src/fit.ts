// Makes an OCSF event fit a destination's bound: cut with the hash of what it was, never dropped.
import { createHash } from 'node:crypto';
import { type Json, type JsonObject, safeText } from './json.ts';

/** How much of a text and of a list stays, from the gentlest cut on. */
const cuts = [
  { charsMax: 4096, itemsMax: 64 },
  { charsMax: 512, itemsMax: 16 },
  { charsMax: 64, itemsMax: 4 },
] as const;
/** What every event has, whatever must go. */
const kept = [
  ...['time', 'category_uid', 'class_uid', 'activity_id', 'type_uid', 'severity_id', 'metadata'],
  ...['category_name', 'class_name', 'activity_name', 'type_name', 'severity', 'status_id'],
  ...['raw_data_hash', 'raw_data_size'],
];

/** The event's text, at most `bytesMax` bytes (and that is at least 8 KiB). */
export function fit(event: JsonObject, bytesMax: number): string {
  const whole = safeText(event);
  // It is ASCII: characters are bytes.
  if (whole.length <= bytesMax) return whole;
  const hashed = withoutRawText(event, whole.length);
  for (const candidate of [hashed, ...cuts.map((cut) => cutEvent(hashed, cut))]) {
    const text = safeText(candidate);
    if (text.length <= bytesMax) return text;
  }
  const { unmapped } = hashed;
  const rest = kept.map((name) => [name, hashed[name]] as const);
  return safeText({ ...Object.fromEntries(rest), unmapped: integrityOnly(unmapped) });
}

/** OCSF's own way of saying that the raw text is elsewhere: its hash and size. */
function withoutRawText(event: JsonObject, sizeBytes: number): JsonObject {
  const { raw_data: raw, metadata, ...rest } = event;
  const marked = { ...objectOf(metadata), is_truncated: true, untruncated_size: sizeBytes };
  // A destination that gets its events redacted has no raw text to begin with.
  if (typeof raw !== 'string') return { ...rest, metadata: marked };
  const value = createHash('sha256').update(raw).digest('hex');
  return {
    ...rest,
    metadata: marked,
    raw_data_hash: { algorithm: 'SHA-256', algorithm_id: 3, value },
    raw_data_size: Buffer.byteLength(raw),
  };
}

type Cut = (typeof cuts)[number];

/** The proof and what names the event are never cut: they are short by their schemas. */
function cutEvent(event: JsonObject, cut: Cut): JsonObject {
  const { metadata, unmapped, ...rest } = event;
  const { record_integrity: integrity, ...own } = objectOf(unmapped);
  return {
    ...cutObject(rest, cut),
    metadata,
    unmapped: { ...cutObject(own, cut), record_integrity: integrity },
  };
}

function cutObject(value: JsonObject, cut: Cut): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, cutJson(each, cut)]),
  );
}

function cutJson(value: Json | undefined, cut: Cut): Json | undefined {
  if (typeof value === 'string') return value.slice(0, cut.charsMax).toWellFormed();
  if (isList(value)) return value.slice(0, cut.itemsMax).map((each) => cutJson(each, cut) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  return cutObject(value, cut);
}

function integrityOnly(unmapped: Json | undefined): JsonObject {
  return { record_integrity: objectOf(unmapped)['record_integrity'] };
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !isList(value) ? value : {};
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
