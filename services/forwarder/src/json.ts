// JSON as plain values, and its text in a form that no viewer can be misled by.

/** A JSON value; an absent field may also stand as undefined. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
/** A JSON object. */
export type JsonObject = { readonly [name: string]: Json | undefined };

const notPlain = /[^\x20-\x7e]/;
const everyNotPlain = /[^\x20-\x7e]/g;

/**
 * The text of a value in printable US-ASCII alone, on one line: every other character stands as
 * `\uXXXX`, so nothing reorders, hides or breaks what is shown, and no receiver has to know a
 * character set. It is the same JSON value.
 */
export function safeText(value: Json): string {
  const text = JSON.stringify(value);
  return notPlain.test(text) ? text.replaceAll(everyNotPlain, escaped) : text;
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
