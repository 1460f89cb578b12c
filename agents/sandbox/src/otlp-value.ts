// OTLP's attributes and values (`common.proto`) as plain ones.
import * as z from 'zod';

/** Attributes by name. */
export type Attributes = ReadonlyMap<string, unknown>;

/** `[{key, value}]`, as OTLP writes a map. */
export const KeyValues = z
  .array(z.looseObject({ key: z.string().max(512), value: z.unknown() }))
  .max(1024)
  .default([]);

const Any = z.looseObject({
  arrayValue: z.looseObject({ values: z.array(z.unknown()).default([]) }).optional(),
  kvlistValue: z.looseObject({ values: KeyValues }).optional(),
});

/** Deeper values are left out: a line of JSON may be nested as deep as its length. */
const depthMax = 16;

/** The attributes as a map; the last of two of one name counts. */
export function attributesOf(pairs: z.infer<typeof KeyValues>): Map<string, unknown> {
  return new Map(pairs.map(({ key, value }) => [key, plainValue(value)]));
}

/** An `AnyValue` as what it stands for; 64-bit integers stay text. */
export function plainValue(value: unknown, depth = 0): unknown {
  const parsed = Any.safeParse(value);
  if (!parsed.success || depth > depthMax) return undefined;
  const { arrayValue, kvlistValue } = parsed.data;
  if (arrayValue !== undefined) return arrayValue.values.map((each) => plainValue(each, depth + 1));
  if (kvlistValue !== undefined) {
    return Object.fromEntries(
      kvlistValue.values.map((pair) => [pair.key, plainValue(pair.value, depth + 1)]),
    );
  }
  const { stringValue, intValue, doubleValue, boolValue } = parsed.data;
  return stringValue ?? intValue ?? doubleValue ?? boolValue;
}

/** A value as text: text as it is, anything else as JSON; undefined where there is none. */
export function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
