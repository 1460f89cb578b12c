// Hostile text in pieces: what may be shown as it is, and the code points that must be shown by name.

/** A piece of text: shown as it is, or a single unsafe code point shown by its name. */
export interface Piece {
  readonly text: string;
  /** `U+202E`, `ESC` …; absent for ordinary text. */
  readonly mark?: string;
}

// Controls, formats (bidirectional ones among them), lone surrogates, line separators, and whatever
// else is drawn as nothing: UAX #44.
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const names: Readonly<Record<string, string>> = {
  '\u0000': 'NUL',
  '\u0007': 'BEL',
  '\u0008': 'BS',
  '\t': 'TAB',
  '\n': 'LF',
  '\r': 'CR',
  '\u001b': 'ESC',
  '\u007f': 'DEL',
};

/** Cuts `text` into what may be shown and what is shown by name; joined, `text` comes out again. */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let shown = 0;
  for (const match of text.matchAll(unsafe)) {
    if (match.index > shown) pieces.push({ text: text.slice(shown, match.index) });
    pieces.push({ text: match[0], mark: markOf(match[0]) });
    shown = match.index + match[0].length;
  }
  if (shown < text.length) pieces.push({ text: text.slice(shown) });
  return pieces;
}

/** `text` as one plain string with each unsafe code point by name, for titles and labels. */
export function plainText(text: string): string {
  return piecesOf(text)
    .map((piece) => piece.mark ?? piece.text)
    .join('');
}

/** JSON for the clipboard: the same JSON, but nothing in it can reorder or hide what is read. */
export function escapedJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replaceAll(unsafe, (found) =>
    found === '\n'
      ? found
      : [...Array(found.length).keys()]
          .map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`)
          .join(''),
  );
}

function markOf(found: string): string {
  const code = found.codePointAt(0) ?? 0;
  return names[found] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
