// The rim check: whether the bytes of a body are one canonical JSON object, before anything reads it.
import type { ErrorCode } from './errors.ts';
import { bodySizeBytesMax } from './scalars.ts';

/** A body that may be framed, or why not. */
export type RimResult =
  | { readonly ok: true; readonly text: string; readonly value: unknown }
  | { readonly ok: false; readonly code: ErrorCode; readonly detail: string };

/** A byte order mark is not dropped: it is not JSON, and the bytes are what is sealed. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Accepts bytes that are valid UTF-8, at most 1 MiB, and one JSON object that writes back to
 * exactly itself: so no key stands twice, no number is beyond 2^53 or `-0`, no escape is odd and no
 * string is ill-formed. Nothing later can read the body in two ways. Refuses with `BODY_OVERSIZE`,
 * `BODY_NOT_UTF8`, `BODY_NOT_JSON`, `BODY_NOT_CANONICAL` or `BODY_ILL_FORMED`; never throws.
 * @example checkRim(Buffer.from('{"a":1}')) // { ok: true, text: '{"a":1}', value: { a: 1 } }
 */
export function checkRim(bytes: Uint8Array): RimResult {
  if (bytes.length > bodySizeBytesMax)
    return refused('BODY_OVERSIZE', `${bytes.length} bytes, at most ${bodySizeBytesMax}`);
  const text = decoded(bytes);
  if (text === undefined) return refused('BODY_NOT_UTF8', 'the bytes are not valid UTF-8');
  const parsed = parsedTwice(text);
  if (typeof parsed === 'string') return refused('BODY_NOT_JSON', parsed);
  const { value, again } = parsed;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refused('BODY_NOT_JSON', 'a body is a JSON object');
  if (again !== text) return refused('BODY_NOT_CANONICAL', difference(text, again));
  if (hasLoneSurrogate(text)) return refused('BODY_ILL_FORMED', 'a string has a lone surrogate');
  return { ok: true, text, value };
}

function refused(code: ErrorCode, detail: string): RimResult {
  return { ok: false, code, detail };
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The value and how it writes back, or what is wrong in words that repeat nothing of the body. */
function parsedTwice(text: string): { readonly value: unknown; readonly again: string } | string {
  try {
    const value: unknown = JSON.parse(text);
    return { value, again: JSON.stringify(value) };
  } catch (error) {
    if (error instanceof SyntaxError) return 'the bytes are not JSON';
    // Writing back recurses, reading does not: nesting beyond the stack ends here.
    if (error instanceof RangeError) return 'the value is nested too deep';
    throw error;
  }
}

/**
 * In canonical text only a lone surrogate, or a backslash that is itself escaped, is followed by
 * `ud`: so the pairs of a canonical text are told apart without walking the value.
 */
function hasLoneSurrogate(text: string): boolean {
  if (!text.includes('\\ud')) return false;
  return /(?<!\\)(?:\\\\)*\\ud[89a-f][0-9a-f]{2}/.test(text);
}

/** Where the texts part, as an offset: the body itself is never repeated. */
function difference(text: string, again: string): string {
  let at = 0;
  while (at < text.length && text[at] === again[at]) at += 1;
  return `it is not written as JSON.stringify writes it, from character ${at} on`;
}
