// The project's own files as tidy reads them: path, text, and (for TypeScript) the syntax tree.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAst } from 'rolldown/parseAst';

/** The root of the checkout. */
export const root = path.resolve(import.meta.dirname, '../..');

/** A syntax node: its type, its place, and whatever else it holds. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** One TypeScript file. `path` is relative to the root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly nodes: readonly SyntaxNode[];
}

/** Every file that git knows or would take, relative to the root. */
export function projectFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return listed.split('\n').filter((name) => name !== '' && existsSync(path.join(root, name)));
}

/** Reads one TypeScript file of the project. */
export function readSource(name: string): SourceFile {
  return parseSource(name, readFileSync(path.join(root, name), 'utf8'));
}

/** Parses a text as if it stood at `name`. */
export function parseSource(name: string, text: string): SourceFile {
  const nodes: SyntaxNode[] = [];
  collect(parseAst(text, { lang: name.endsWith('.tsx') ? 'tsx' : 'ts' }), nodes);
  return { path: name, text, lines: text.split('\n'), nodes };
}

/** The line, from 1, on which a node starts. */
export function lineOf(file: SourceFile, node: SyntaxNode): number {
  return file.text.slice(0, node.start).split('\n').length;
}

/** True for unit tests, benches, fixtures' makers and everything below `test/`. */
export function isTest(name: string): boolean {
  return /\.(?:test|bench)\.ts$/.test(name) || name.startsWith('test/');
}

/** Narrows an unknown field of a node to a node. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function collect(value: unknown, into: SyntaxNode[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, into);
    return;
  }
  if (!isNode(value)) return;
  into.push(value);
  for (const field of Object.values(value)) collect(field, into);
}
