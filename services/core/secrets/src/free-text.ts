// The places of free text in an observation: found by what its kind declares, and replaced.
import { eventMeta } from '@sandtrail/schemas/body';
import { Body } from '@sandtrail/schemas/events';

/** An observation's fields; what they must be is its kind's business. */
export type Fields = Readonly<Record<string, unknown>>;

/** One place of free text that an observation has, such as `input`, `path.raw` or `args.2.value`. */
export interface TextPlace {
  readonly place: string;
  /** A text, or a list of texts that is scanned as one line. */
  readonly value: string | readonly string[];
}

const declared: ReadonlyMap<string, readonly (readonly string[])[]> = new Map(
  Body.options.map((schema) => {
    const places = eventMeta.get(schema)?.freeText ?? [];
    return [schema.shape.kind.value, places.map((place) => place.split('.'))];
  }),
);

/** The free text of an observation; none for a kind that is not known, nor where no text stands. */
export function textPlaces(fields: Fields): readonly TextPlace[] {
  const { kind } = fields;
  const found: TextPlace[] = [];
  const places = typeof kind === 'string' ? declared.get(kind) : undefined;
  for (const names of places ?? []) collect({ value: fields, at: '' }, names, found);
  return found;
}

interface Here {
  readonly value: unknown;
  readonly at: string;
}

function collect({ value, at }: Here, names: readonly string[], found: TextPlace[]): void {
  const [name, ...rest] = names;
  if (name === undefined) {
    if (typeof value === 'string') found.push({ place: at, value });
    else if (isTexts(value)) found.push({ place: at, value });
    return;
  }
  const prefix = at === '' ? '' : `${at}.`;
  if (name === '*' && Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      collect({ value: item, at: `${prefix}${index}` }, rest, found);
    }
  } else if (isFields(value) && Object.hasOwn(value, name)) {
    collect({ value: value[name], at: `${prefix}${name}` }, rest, found);
  }
}

/** A copy in which the value at a place is another. */
export function withValueAt(fields: Fields, place: string, value: unknown): Fields {
  const replaced = replaceAt(fields, place.split('.'), value);
  return isFields(replaced) ? replaced : fields;
}

function replaceAt(here: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  if (Array.isArray(here))
    return here.with(Number(name), replaceAt(here[Number(name)], rest, value));
  return isFields(here) ? { ...here, [name]: replaceAt(here[name], rest, value) } : here;
}

/** The value at a place, or nothing. */
export function valueAt(fields: unknown, place: string): unknown {
  let value: unknown = fields;
  for (const name of place.split('.')) {
    if (Array.isArray(value)) value = value[Number(name)];
    else value = isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value;
}

/** True for an object that is no list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
