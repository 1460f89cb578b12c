// Text from inside a sandbox, made fit for a sentence that people and terminals read.

const shownMax = 160;

/** The text in quotes: control and direction characters escaped, cut to 160 characters. */
export function quote(text: string): string {
  const cut = text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
  const safe = cut
    .toWellFormed()
    .replace(
      /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff"\\]/g,
      escapeUnit,
    );
  return `"${safe}"`;
}

function escapeUnit(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
