// The bounds of each kind's fields, read once from its schema, and the cutting of what exceeds them.
import { hash } from 'node:crypto';
import type { RawField } from '@sandtrail/schemas/body';
import { Body } from '@sandtrail/schemas/events';
import * as z from 'zod';

/** What a schema says of a value's size. */
export type Bounds =
  | { readonly type: 'text'; readonly charsMax: number }
  | { readonly type: 'list'; readonly itemsMax: number; readonly item: Bounds }
  | { readonly type: 'fields'; readonly fields: ReadonlyMap<string, Bounds> }
  | { readonly type: 'free' };

const free: Bounds = { type: 'free' };
const wireSchema = z.looseObject({
  type: z.string().optional(),
  maxLength: z.number().optional(),
  maxItems: z.number().optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

const boundsByKind: ReadonlyMap<string, Bounds> = new Map(
  Body.options.map((schema) => [
    schema.shape.kind.value,
    boundsOf(z.toJSONSchema(schema, { io: 'input', reused: 'inline' })),
  ]),
);

/** The bounds of a kind's fields; nothing is bounded for a kind that is not known. */
export function boundsOfKind(kind: unknown): Bounds {
  return (typeof kind === 'string' ? boundsByKind.get(kind) : undefined) ?? free;
}

/** The bounds of one field among others. */
export function boundsOfField(bounds: Bounds, name: string): Bounds {
  return (bounds.type === 'fields' ? bounds.fields.get(name) : undefined) ?? free;
}

function boundsOf(json: unknown): Bounds {
  const schema = wireSchema.safeParse(json).data;
  switch (schema?.type) {
    case 'string':
      return { type: 'text', charsMax: schema.maxLength ?? Number.POSITIVE_INFINITY };
    case 'array': {
      const itemsMax = schema.maxItems ?? Number.POSITIVE_INFINITY;
      return { type: 'list', itemsMax, item: boundsOf(schema.items) };
    }
    case 'object': {
      const fields = Object.entries(schema.properties ?? {});
      return { type: 'fields', fields: new Map(fields.map(([name, of]) => [name, boundsOf(of)])) };
    }
    default:
      return free;
  }
}

/** A value that fits, and what stood in its fields where they were cut or not well-formed. */
export interface Fitted {
  readonly value: unknown;
  readonly raw: readonly RawField[];
}

/** Cuts texts and lists to their bounds and makes texts well-formed. Unchanged values are returned as they are. */
export function fit(value: unknown, bounds: Bounds): Fitted {
  const raw: RawField[] = [];
  return { value: fitValue(value, bounds, { at: '', raw }), raw };
}

interface Place {
  readonly at: string;
  readonly raw: RawField[];
}

function fitValue(value: unknown, bounds: Bounds, place: Place): unknown {
  if (typeof value === 'string') return fitText(value, bounds, place);
  if (Array.isArray(value)) {
    const kept = bounds.type === 'list' ? value.slice(0, bounds.itemsMax) : value;
    const item = bounds.type === 'list' ? bounds.item : free;
    const fitted = kept.map((each, at) => fitValue(each, item, below(place, `${at}`)));
    const isSame = fitted.length === value.length && fitted.every((each, at) => each === value[at]);
    return isSame ? value : fitted;
  }
  if (typeof value !== 'object' || value === null) return value;
  let changed: Record<string, unknown> | undefined;
  for (const [name, each] of Object.entries(value)) {
    const fitted = fitValue(each, boundsOfField(bounds, name), below(place, name));
    if (fitted === each) continue;
    changed ??= { ...value };
    changed[name] = fitted;
  }
  return changed ?? value;
}

function below({ at, raw }: Place, name: string): Place {
  return { at: at === '' ? name : `${at}.${name}`, raw };
}

function fitText(text: string, bounds: Bounds, { at, raw }: Place): string {
  const charsMax = bounds.type === 'text' ? bounds.charsMax : Number.POSITIVE_INFINITY;
  const isWellFormed = text.isWellFormed();
  if (text.length <= charsMax && isWellFormed) return text;
  // Lone surrogates have no UTF-8: such an original is hashed as the UTF-16 that it was.
  const original = Buffer.from(text, isWellFormed ? 'utf8' : 'utf16le');
  raw.push({
    field: at.slice(0, 128),
    sizeBytes: original.length,
    sha256: hash('sha256', original),
  });
  return cut(text, charsMax).toWellFormed();
}

/** The first `charsMax` UTF-16 units, or one fewer where that would split a pair. */
export function cut(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const last = text.charCodeAt(charsMax - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? charsMax - 1 : charsMax);
}
