// Tells labels that carry data (hex, base32, base64url) from labels that people chose.

const lengthMin = 16;
const entropyBitsMin = 3.2;

/** True when the label is long and looks like encoded bytes: few patterns, digits among letters. */
export function isEncodedLabel(label: string): boolean {
  if (label.length < lengthMin) return false;
  if (label.includes('\\')) return true;
  if (/^[0-9a-f]+$/.test(label) && /\d/.test(label)) return true;
  const word = /^[a-z]+(?:-[a-z]+)*$/.test(label);
  if (word && vowelRatio(label) > 0.2 && label.length < 40) return false;
  return entropyBits(label) >= entropyBitsMin && (label.length >= 40 || /\d/.test(label));
}

function vowelRatio(text: string): number {
  return (text.match(/[aeiouy]/g)?.length ?? 0) / text.length;
}

/** Shannon entropy of the text's characters, in bits each. */
function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / text.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}
