// What the house bans in code, each with the thing to use instead and a planted violation.
import { isNode, isTest, lineOf, type SourceFile, type SyntaxNode } from './source.ts';

/** One ban: which nodes break it, and what to do instead. */
export interface Ban {
  readonly name: string;
  readonly instead: string;
  /** Files in which it does not hold. */
  readonly home: (path: string) => boolean;
  readonly breaks: (node: SyntaxNode, file: SourceFile) => boolean;
  /** A text that breaks it, to prove that the ban works. */
  readonly planted: string;
}

const nowhere = () => false;
/** The product's clock, and the browser's. */
const clocks = new Set(['services/core/runtime/src/clock.ts', 'dashboards/soc/src/time/clock.ts']);
const entryPoint = (path: string) => /\/src\/main\.ts$/.test(path) || isTest(path);

/** The bans, one each. */
export const bans: readonly Ban[] = [
  {
    name: 'Date.now',
    instead: 'the Clock that is passed in',
    home: (path) => clocks.has(path) || isTest(path),
    breaks: (node) => isMember(node, 'Date', 'now') || isBareDate(node),
    planted: 'export const t = Date.now();',
  },
  {
    name: 'Math.random',
    instead: 'the Random that is passed in',
    home: nowhere,
    breaks: (node) => isMember(node, 'Math', 'random'),
    planted: 'export const r = Math.random();',
  },
  {
    name: 'process.env',
    instead: 'the configuration that main.ts reads',
    home: entryPoint,
    breaks: (node) => isMember(node, 'process', 'env'),
    planted: 'export const home = process.env.HOME;',
  },
  {
    name: 'console',
    instead: 'the Logger that is passed in, or the command’s own output',
    home: isTest,
    breaks: (node) => node.type === 'MemberExpression' && isName(node['object'], 'console'),
    planted: 'console.log(1);',
  },
  {
    name: 'any',
    instead: 'unknown, and narrow it',
    home: nowhere,
    breaks: (node) => node.type === 'TSAnyKeyword',
    planted: 'export let x: any;',
  },
  {
    name: 'as',
    instead: 'a zod schema or a type guard',
    home: (path) => path.startsWith('services/core/runtime/src/ffi'),
    breaks: (node) => node.type === 'TSAsExpression' && !isConst(node),
    planted: 'export const x = JSON.parse("1") as number;',
  },
  {
    name: 'non-null assertion',
    instead: 'an assert or an early return',
    home: nowhere,
    breaks: (node) => node.type === 'TSNonNullExpression',
    planted: 'export const x = [1][0]!;',
  },
  {
    name: 'catch that acts on nothing',
    instead: 'a retry with a bound, a counted drop, or letting it stop the service',
    home: nowhere,
    breaks: isSilentCatch,
    planted: 'await Promise.reject().catch(() => undefined);',
  },
  {
    name: 'module mock',
    instead: 'the real thing, or a port with a memory driver',
    home: nowhere,
    breaks: (node) => isMember(node, 'vi', 'mock'),
    planted: 'vi.mock("x");',
  },
  {
    name: 'default export',
    instead: 'a named export: a file is named for it',
    home: (path) => path.endsWith('.config.ts'),
    breaks: (node) => node.type === 'ExportDefaultDeclaration',
    planted: 'export default 1;',
  },
];

/** Names each place where a ban is broken. */
export function checkBans(file: SourceFile): readonly string[] {
  const active = bans.filter((ban) => !ban.home(file.path));
  return file.nodes.flatMap((node) =>
    active
      .filter((ban) => ban.breaks(node, file))
      .map(
        (ban) => `${file.path}:${lineOf(file, node)}: ${ban.name} is banned; use ${ban.instead}`,
      ),
  );
}

function isName(value: unknown, name: string): boolean {
  return isNode(value) && value.type === 'Identifier' && value['name'] === name;
}

function isMember(node: SyntaxNode, object: string, property: string): boolean {
  if (node.type !== 'MemberExpression') return false;
  return isName(node['object'], object) && isName(node['property'], property);
}

function isBareDate(node: SyntaxNode): boolean {
  const bare = Array.isArray(node['arguments']) && node['arguments'].length === 0;
  return node.type === 'NewExpression' && isName(node['callee'], 'Date') && bare;
}

function isConst(node: SyntaxNode): boolean {
  const type = node['typeAnnotation'];
  return isNode(type) && isName(type['typeName'], 'const');
}

function isSilentCatch(node: SyntaxNode): boolean {
  if (node.type !== 'CallExpression' || !isNode(node['callee'])) return false;
  if (!isName(node['callee']['property'], 'catch')) return false;
  const [arrow] = Array.isArray(node['arguments']) ? node['arguments'] : [];
  if (!isNode(arrow) || arrow.type !== 'ArrowFunctionExpression') return false;
  const body = arrow['body'];
  const isNull = isNode(body) && body.type === 'Literal' && body['value'] === null;
  return isName(body, 'undefined') || isNull;
}
