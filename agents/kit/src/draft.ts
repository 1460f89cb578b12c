// An observation on its way to becoming a record: redacted, cut to its bounds, with its originals' hashes.
import { hash } from 'node:crypto';
import { RawField, type Redaction } from '@sandtrail/schemas/body';
import { type Fields, isFields, textPlaces, valueAt } from '@sandtrail/secrets/free-text';
import {
  type RedactedObservation,
  redactObservation,
  redactObservationFully,
} from '@sandtrail/secrets/redact-observation';
import type { Scanner } from '@sandtrail/secrets/scanner';
import { type Bounds, boundsOfField, boundsOfKind, cut, fit } from './field-bounds.ts';

/** Redactions and `raw` entries that one record holds at most (`schemas/src/body.ts`). */
const redactionsMax = 64;
const rawMax = 32;
/** Text past a field's bound that is still scanned, so that a secret across the bound is seen whole. */
const overlapChars = 512;

/** A body without its place in a stream. */
export interface Draft {
  readonly fields: Fields;
  readonly redactions: readonly Redaction[];
  readonly redactionsOmitted: number;
  readonly isTruncated: boolean;
}

/** An observation that was looked at once, and may have to be looked at again. */
export interface FirstLook {
  readonly draft: Draft;
  /** Characters of free text: what a draft that waits keeps in memory. */
  readonly textChars: number;
  /** Set when the second engine should look: it gives the draft that takes this one's place. */
  readonly lookAgain?: () => Promise<Draft>;
}

interface Given {
  readonly scanner: Scanner;
  readonly observation: Fields;
  /** Redactions that the collector's own stream scanner made already. */
  readonly redactions: readonly Redaction[];
}

/** Redacts an observation with the first engine. Never waits; throws nothing but what getters throw. */
export function look(given: Given): FirstLook {
  const original = given.observation;
  const bounds = boundsOfKind(original['kind']);
  const limited = limitScan(original, bounds);
  const scanned = isFields(limited) ? limited : original;
  const first = redactObservation(given.scanner, scanned);
  const finish = (redacted: RedactedObservation) => toDraft({ given, bounds, scanned }, redacted);
  const textChars = textCharsOf(scanned);
  if (!first.isSuspicious) return { draft: finish(first), textChars };
  const lookAgain = async () => finish(await redactObservationFully(given.scanner, scanned));
  return { draft: finish(first), textChars, lookAgain };
}

function textCharsOf(fields: Fields): number {
  let chars = 0;
  for (const { value } of textPlaces(fields)) {
    const texts = typeof value === 'string' ? [value] : value;
    for (const text of texts) chars += text.length;
  }
  return chars;
}

/** Texts a little past their bounds: nothing behind that will be kept, so nothing need be scanned. */
function limitScan(value: unknown, bounds: Bounds): unknown {
  if (typeof value === 'string')
    return bounds.type === 'text' ? cut(value, bounds.charsMax + overlapChars) : value;
  if (Array.isArray(value)) {
    if (bounds.type !== 'list') return value;
    const limited = value.slice(0, bounds.itemsMax).map((item) => limitScan(item, bounds.item));
    const isSame =
      limited.length === value.length && limited.every((item, at) => item === value[at]);
    return isSame ? value : limited;
  }
  if (!isFields(value) || bounds.type !== 'fields') return value;
  let changed: Record<string, unknown> | undefined;
  for (const [name, each] of Object.entries(value)) {
    const limited = limitScan(each, boundsOfField(bounds, name));
    if (limited === each) continue;
    changed ??= { ...value };
    changed[name] = limited;
  }
  return changed ?? value;
}

interface Source {
  readonly given: Given;
  readonly bounds: Bounds;
  readonly scanned: Fields;
}

function toDraft({ given, bounds, scanned }: Source, redacted: RedactedObservation): Draft {
  const secretive = new Set([...redacted.redactions, ...given.redactions].map((one) => one.field));
  const original = given.observation;
  const clean = withoutKitFields(redacted.fields);
  const fitted = fit(clean, bounds);
  const fields = isFields(fitted.value) ? withOmitted(fitted.value, original, bounds) : clean;
  const all = [
    ...rawEntries(original['raw']),
    ...rawOfCut({ original, scanned, fitted: fitted.raw }),
  ];
  const raw = all
    .slice(0, rawMax)
    .map((entry) => (secretive.has(entry.field) ? withoutOracle(entry, clean) : entry));
  const redactions = [...given.redactions, ...redacted.redactions];
  return {
    fields: raw.length === 0 ? fields : { ...fields, raw },
    redactions: redactions.slice(0, redactionsMax),
    redactionsOmitted: Math.max(0, redactions.length - redactionsMax),
    isTruncated: redacted.isTruncated,
  };
}

/** What the kit says itself, no observation says for it. */
function withoutKitFields(fields: Fields): Fields {
  const { v: _v, stream: _stream, seq: _seq, redactions: _redactions, raw: _raw, ...rest } = fields;
  return rest;
}

/** `argvOmitted` and its like, where a list was cut and its kind has a field for how much. */
function withOmitted(fields: Fields, original: Fields, bounds: Bounds): Fields {
  if (bounds.type !== 'fields') return fields;
  let changed = fields;
  for (const [name, value] of Object.entries(fields)) {
    const before = original[name];
    if (!Array.isArray(value) || !Array.isArray(before)) continue;
    const omitted = `${name}Omitted`;
    if (value.length >= before.length || !bounds.fields.has(omitted)) continue;
    const already = changed[omitted];
    const count = before.length - value.length + (typeof already === 'number' ? already : 0);
    changed = { ...changed, [omitted]: count };
  }
  return changed;
}

interface Cut {
  readonly original: Fields;
  readonly scanned: Fields;
  readonly fitted: readonly RawField[];
}

/** Entries of cut fields speak of the original, not of what was left of it for the scan. */
function rawOfCut({ original, scanned, fitted }: Cut): readonly RawField[] {
  return fitted.map((entry) => {
    const whole = valueAt(original, entry.field);
    if (typeof whole !== 'string' || whole === valueAt(scanned, entry.field)) return entry;
    const bytes = Buffer.from(whole, whole.isWellFormed() ? 'utf8' : 'utf16le');
    return { field: entry.field, sizeBytes: bytes.length, sha256: hash('sha256', bytes) };
  });
}

/** A hash of a field that held a card number alone would give the number away: hash what is kept. */
function withoutOracle({ field, sizeBytes }: RawField, clean: Fields): RawField {
  const kept = valueAt(clean, field);
  return { field, sizeBytes, sha256: hash('sha256', typeof kept === 'string' ? kept : '') };
}

function rawEntries(given: unknown): readonly RawField[] {
  if (!Array.isArray(given)) return [];
  return given.flatMap((entry) => RawField.safeParse(entry).data ?? []);
}
