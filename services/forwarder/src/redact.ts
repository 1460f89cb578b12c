// Masks what a destination shall not get: attributes by name, wherever they stand in an event.
import type { Json, JsonObject } from './json.ts';

const mask = 'REDACTED';
/** These say other attributes again, in words: with any of those masked, they go too. */
const retelling = ['message', 'raw_data'];
/** Without these an event cannot be told apart, ordered or verified. */
const framing = new Set(['metadata', 'record_integrity', 'time', 'class_uid', 'type_uid']);

/** The event with every attribute of these names masked; the proof stays. */
export function redact(event: JsonObject, names: readonly string[]): JsonObject {
  if (names.length === 0) return event;
  const wanted = new Set([...names, ...retelling]);
  const { raw_data: _raw, ...rest } = event;
  return masked(rest, wanted);
}

function masked(value: JsonObject, wanted: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      if (framing.has(name) || each === undefined) return [name, each];
      return [name, wanted.has(name) ? maskOf(each) : maskedJson(each, wanted)];
    }),
  );
}

function maskedJson(value: Json, wanted: ReadonlySet<string>): Json {
  if (isList(value)) return value.map((each) => maskedJson(each, wanted));
  return typeof value === 'object' && value !== null ? masked(value, wanted) : value;
}

/** The shape stays, so that the event still fits its class: texts are masked, numbers become 0. */
function maskOf(value: Json): Json {
  if (typeof value === 'string') return mask;
  if (typeof value === 'number') return 0;
  if (isList(value)) return value.map(maskOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      return [name, each === undefined || framing.has(name) ? each : maskOf(each)];
    }),
  );
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
