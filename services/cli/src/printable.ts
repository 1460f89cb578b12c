// Text from a sandbox, made safe for a terminal: no control character or bidi trick gets through.

// C0 and C1 controls, line separators, bidirectional overrides and isolates, zero-width characters.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** `text` with every unsafe character as `\u{…}`, cut to `charsMax` with a mark. */
export function printable(text: string, charsMax = 160): string {
  const safe = text.replaceAll(unsafe, (char) => `\\u{${char.charCodeAt(0).toString(16)}}`);
  return safe.length <= charsMax ? safe : `${safe.slice(0, charsMax - 1)}…`;
}

/**
 * A line of JSON that is safe to look at and still the same JSON: what `JSON.stringify` leaves as it
 * is (bidirectional overrides, zero-width characters, C1 controls) becomes `\\uXXXX`.
 */
export function jsonForTerminal(line: string): string {
  return line.replaceAll(
    unsafe,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
