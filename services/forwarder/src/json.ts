// JSON as plain values, and its text in a form that no viewer can be misled by.

/** A JSON value; an absent field may also stand as undefined. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
/** A JSON object. */
export type JsonObject = { readonly [name: string]: Json | undefined };

/**
 * Characters that reorder, hide or break text where it is shown: DEL and C1 controls, zero-width
 * and bidirectional marks, line and paragraph separators, the byte order mark. JSON.stringify
 * itself escapes C0 controls and lone surrogates.
 */
const deceptive = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const notAscii = /[\u007f-\uffff]/g;

/** The text of a value on one line, with deceptive characters as `\uXXXX`: the same JSON value. */
export function safeText(value: Json): string {
  return JSON.stringify(value).replaceAll(deceptive, escaped);
}

/** The same in printable US-ASCII alone, for receivers whose character set nobody knows. */
export function asciiText(value: Json): string {
  return JSON.stringify(value).replaceAll(notAscii, escaped);
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
