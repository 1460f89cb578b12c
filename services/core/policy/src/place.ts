// Paths without a file system: lexical form, and whether one lies within another.

/** An absolute path without `.`, `..`, doubled or trailing slashes, by its text alone; `/` is the top. */
export function lexicalPath(path: string, base = '/'): string {
  const whole = path.startsWith('/') ? path : `${base}/${path}`;
  if (!/\/\.?\/|\/\.{1,2}(?:\/|$)|.\/$/.test(whole)) return whole;
  const parts: string[] = [];
  for (const part of whole.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** True when `path` is `root` or lies below it; both lexical. */
export function isWithin(path: string, root: string): boolean {
  if (root === '/') return true;
  return path.startsWith(root) && (path.length === root.length || path[root.length] === '/');
}
