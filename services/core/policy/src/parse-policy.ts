// Reads a declared policy from YAML or JSON; what is not understood is refused where it stands.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { Policy } from '@sandtrail/schemas/policy';
import { type Document, isAlias, isMap, isNode, LineCounter, parseDocument, visit } from 'yaml';
import type * as z from 'zod';
import { compileEgress } from './egress.ts';

const sizeBytesMax = 262_144;
const problemsShownMax = 8;

interface Source {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly name: string;
}

/**
 * The policy in `text`: YAML 1.2 or JSON, the `sandbox_config` itself or wrapped in a key of that
 * name. `source` names the text in errors. Duplicate keys, anchors, tags, several documents and
 * unknown fields are refused; every error gives line and column and what to write instead.
 * @throws SandtrailError `POLICY_INVALID`
 */
export function parsePolicy(text: string, { source = 'policy' }: { source?: string } = {}): Policy {
  const parsed = readDocument(text, source);
  const value: unknown = parsed.document.toJS({ maxAliasCount: 0 });
  const wrapped = isRecord(value) && 'sandbox_config' in value;
  const result = Policy.safeParse(wrapped ? value['sandbox_config'] : value);
  const prefix = wrapped ? ['sandbox_config'] : [];
  if (wrapped && Object.keys(value).length > 1)
    refuse([problemAt(parsed, [], 'nothing may stand beside sandbox_config')]);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => describe(parsed, issue, prefix));
    refuse(problems);
  }
  const { invalid } = compileEgress(result.data.network);
  const network = [...prefix, 'network'];
  if (invalid.length > 0) {
    const problems = invalid.map((item) =>
      problemAt(parsed, network, `network: "${item.entry}": ${item.reason}`),
    );
    refuse(problems);
  }
  return result.data;
}

function readDocument(text: string, name: string): Source {
  if (Buffer.byteLength(text) > sizeBytesMax)
    throw invalidPolicy(`${name}: larger than ${sizeBytesMax} bytes`);
  const lines = new LineCounter();
  const document = tryParse(text, { lines, name });
  const parsed = { document, lines, name };
  const [first] = [...document.errors, ...document.warnings];
  if (first !== undefined) refuse([position(parsed, first.pos, oneLine(first.message))]);
  visit(document, {
    Node: (_key, node) => {
      if (!isAlias(node) && node.anchor === undefined) return;
      refuse([
        position(parsed, node.range, 'anchors and aliases are not accepted: write the value out'),
      ]);
    },
  });
  return parsed;
}

function tryParse(text: string, { lines, name }: { lines: LineCounter; name: string }): Document {
  try {
    return parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  } catch (cause) {
    // Nesting deep enough to exhaust the stack ends here.
    throw invalidPolicy(`${name}:1:1: cannot be read as YAML or JSON`, cause);
  }
}

function describe(source: Source, issue: z.core.$ZodIssue, prefix: readonly string[]): string {
  const path = [
    ...prefix,
    ...issue.path.map((part) => (typeof part === 'number' ? part : String(part))),
  ];
  const field = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const place = field === '' ? 'the policy' : field;
    return problemAt(
      source,
      path,
      `${field === '' ? '' : `${field}.`}${key}: ${place} has no such field`,
      key,
    );
  }
  const quoted = issue.code === 'invalid_type' && issue.expected === 'string';
  const remedy = quoted ? ' (put the value in quotes)' : '';
  const what = field === '' ? 'the policy' : field;
  return problemAt(source, path, `${what}: ${oneLine(issue.message)}${remedy}`);
}

/** Words with the position of the nearest node that exists on the way to `path`. */
function problemAt(
  source: Source,
  path: readonly (string | number)[],
  words: string,
  key?: string,
): string {
  for (let length = path.length; length >= 0; length -= 1) {
    const node =
      length === 0 ? source.document.contents : source.document.getIn(path.slice(0, length), true);
    if (!isNode(node)) continue;
    const pair = isMap(node) ? node.items.find((item) => String(item.key) === key) : undefined;
    const place = pair !== undefined && isNode(pair.key) ? pair.key : node;
    return position(source, place.range, words);
  }
  return position(source, undefined, words);
}

function position(
  source: Source,
  range: readonly number[] | null | undefined,
  words: string,
): string {
  const { line, col } = source.lines.linePos(range?.[0] ?? 0);
  return `${source.name}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${words}`;
}

function refuse(problems: readonly string[]): never {
  const shown = problems.slice(0, problemsShownMax);
  const rest = problems.length - shown.length;
  throw invalidPolicy([...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; '));
}

function invalidPolicy(detail: string, cause?: unknown): SandtrailError {
  return new SandtrailError('POLICY_INVALID', { detail, cause });
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 300);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
