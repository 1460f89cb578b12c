// The shape of files: names, lengths, the sentence at the top, and words for what is exported.
import path from 'node:path';
import { isNode, isTest, lineOf, type SourceFile, type SyntaxNode } from './source.ts';

const fileLinesMax = 400;
const functionLinesMax = 70;
const lineCharsMax = 100;

const bannedNames =
  /(?:^|[-/])(?:index|utils?|helpers?|common|types|manager|handler|processor|data|info)\.tsx?$/;

/** Names each fault of a file's name, length or top. */
export function checkShape(file: SourceFile): readonly string[] {
  const faults: string[] = [];
  const base = path.basename(file.path);
  if (bannedNames.test(file.path))
    faults.push(`${file.path}: name it for the one thing it exports`);
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)*\.tsx?$/.test(base)) {
    faults.push(`${file.path}: file names are kebab-case`);
  }
  if (file.lines.length > fileLinesMax + 1) {
    faults.push(`${file.path}: ${file.lines.length} lines, at most ${fileLinesMax}`);
  }
  if (!isTest(file.path) && !/^(?:#!.*\n)?\/\/ [A-Z`]/.test(file.text)) {
    faults.push(`${file.path}: begins with a sentence that says what it is: // …`);
  }
  if (/@ts-(?:ignore|expect-error|nocheck)/.test(file.text) && !file.path.startsWith('test/tidy')) {
    faults.push(`${file.path}: a type error is mended, not silenced`);
  }
  file.lines.forEach((line, index) => {
    if (line.length > lineCharsMax && !/https?:|['"`/]/.test(line)) {
      faults.push(`${file.path}:${index + 1}: ${line.length} characters, at most ${lineCharsMax}`);
    }
    if (/\/\/.*\b(?:TODO|FIXME|XXX)\b/.test(line) && !file.path.startsWith('test/tidy')) {
      faults.push(`${file.path}:${index + 1}: open an issue instead of a mark in the code`);
    }
  });
  return [...faults, ...longFunctions(file), ...undocumented(file)];
}

function longFunctions(file: SourceFile): readonly string[] {
  const blocks = describeBlocks(file);
  return file.nodes
    .filter((node) =>
      /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type),
    )
    .filter((node) => !blocks.has(node))
    .map((node) => ({ node, size: file.text.slice(node.start, node.end).split('\n').length }))
    .filter(({ size }) => size > functionLinesMax)
    .map(({ node, size }) => `${file.path}:${lineOf(file, node)}: a function of ${size} lines`);
}

/** Functions that only hold tests: the callbacks of `describe`, and conformance tables. */
function describeBlocks(file: SourceFile): ReadonlySet<SyntaxNode> {
  const blocks = new Set<SyntaxNode>();
  const testCall = /\b(?:test|it|describe)(?:\.each)?\(/;
  for (const node of file.nodes) {
    const holdsTests = /conformance|\.test\.ts$|\.bench\.ts$/.test(file.path);
    if (holdsTests && testCall.test(file.text.slice(node.start, node.end))) blocks.add(node);
  }
  return blocks;
}

function undocumented(file: SourceFile): readonly string[] {
  const exempt =
    isTest(file.path) || file.path.startsWith('schemas/events') || file.path.endsWith('.config.ts');
  if (exempt) return [];
  return file.nodes
    .filter((node) => node.type === 'ExportNamedDeclaration' && isNode(node['declaration']))
    .filter((node) => !isDocumented(file, node))
    .map((node) => `${file.path}:${lineOf(file, node)}: what is exported has a sentence: /** … */`);
}

function isDocumented(file: SourceFile, node: SyntaxNode): boolean {
  const declaration = node['declaration'];
  const inferred = isNode(declaration) && declaration.type === 'TSTypeAliasDeclaration';
  return inferred || file.text.slice(0, node.start).trimEnd().endsWith('*/');
}
