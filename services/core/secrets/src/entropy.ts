// How random a text looks, and which texts are placeholders that only stand for a secret.

/** Shannon entropy of the characters, in bits each: 0 for `aaaa`, 4 for sixteen different ones. */
export function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

const standIns =
  /^\$[A-Za-z_]\w*$|example|sample|placeholder|dummy|change.?me|replace|insert|your|redacted|undefined|null|none|todo|fixme|foobar|lorem|secret.?here|not.?set|xxxx|\*{3}|\.{3}|<|>|\$\{|\{\{|%[sdv(]|\$\(|process\.|env\./i;

/** True for `<your-token>`, `${TOKEN}`, `xxxxxxxx`, `changeme` and their kin. */
export function isPlaceholder(text: string): boolean {
  return standIns.test(text) || isMonotonous(text);
}

/** True for `aaaaaaaa`, `12345678`, `abcdefgh`, `abababab`: few characters, or one after the other. */
export function isMonotonous(text: string): boolean {
  if (new Set(text.toLowerCase()).size <= Math.min(4, text.length / 3)) return true;
  let steps = 0;
  for (let at = 1; at < text.length; at += 1) {
    const step = text.charCodeAt(at) - text.charCodeAt(at - 1);
    if (step === 0 || step === 1 || step === -1) steps += 1;
  }
  return steps > (text.length - 1) * 0.7;
}

/** True when a token of a known format is not obviously made up: `ghp_xxxxxxxx…` is. */
export function isTokenLike(token: string): boolean {
  return entropy(token) >= 2.8 && !isMonotonous(token);
}

/** True when letters and digits are mixed, as in a generated value. */
export function isMixed(text: string): boolean {
  return /[0-9]/.test(text) && /[A-Za-z]/.test(text);
}
