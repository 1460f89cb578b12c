// Files that import each other in a circle, types included: neither can be read without the other.
import path from 'node:path';
import { importTarget } from './imports.ts';
import type { SourceFile } from './source.ts';

/** Names each circle once, by the files on it in the order of their imports. */
export function checkCircles(files: readonly SourceFile[]): readonly string[] {
  const imports = new Map(files.map((file) => [file.path, importsOf(file)]));
  const settled = new Set<string>();
  const circles: string[] = [];
  const visit = (name: string, trail: readonly string[]): void => {
    const from = trail.indexOf(name);
    if (from >= 0) circles.push([...trail.slice(from), name].join(' -> '));
    if (from >= 0 || settled.has(name)) return;
    for (const target of imports.get(name) ?? []) visit(target, [...trail, name]);
    settled.add(name);
  };
  for (const name of imports.keys()) visit(name, []);
  return circles;
}

/** Packages import each other by the table, which has no circle: only a package's own files count. */
function importsOf(file: SourceFile): readonly string[] {
  return file.nodes
    .map(importTarget)
    .filter((target) => target?.startsWith('.') === true)
    .map((target) => path.posix.join(path.posix.dirname(file.path), target ?? ''));
}
