// The gate of the house style: what style.md asks for and a machine can check.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bans, checkBans } from './tidy/bans.ts';
import { checkCircles } from './tidy/circles.ts';
import { checkImports } from './tidy/imports.ts';
import { checkLists } from './tidy/lists.ts';
import { checkReadme } from './tidy/readme.ts';
import { checkShape } from './tidy/shape.ts';
import { parseSource, projectFiles, readSource, root } from './tidy/source.ts';

const files = projectFiles();
const sources = files.filter((name) => /\.tsx?$/.test(name)).map(readSource);

describe('the project', () => {
  test('imports only what the table allows', () => {
    expect(sources.flatMap(checkImports)).toEqual([]);
  });

  test('has no circle of imports', () => {
    expect(checkCircles(sources)).toEqual([]);
  });

  test('breaks no ban', () => {
    expect(sources.flatMap(checkBans)).toEqual([]);
  });

  test('keeps the shape of its files', () => {
    expect(sources.flatMap(checkShape)).toEqual([]);
  });

  test('lists every file that a list beside its folder must name', () => {
    expect(checkLists(files)).toEqual([]);
  });

  test('has no two tests of one name in a file', () => {
    const doubled = sources
      .filter((file) => file.path.endsWith('.test.ts'))
      .flatMap((file) => doubledTests(file.path, file.text));
    expect(doubled).toEqual([]);
  });

  test('says only what is so in its README', () => {
    expect(checkReadme({ files, sources })).toEqual([]);
  });

  test('keeps its top level', () => {
    const allowed = new Set(
      'package.json package-lock.json tsconfig.json services agents schemas dashboards deploy test README.md LICENSE'.split(
        ' ',
      ),
    );
    const tops = new Set(files.map((name) => name.split('/')[0] ?? ''));
    expect([...tops].filter((top) => !top.startsWith('.') && !allowed.has(top))).toEqual([]);
  });

  test('pins every dependency to one version', () => {
    const loose = files
      .filter((name) => path.basename(name) === 'package.json')
      .flatMap((name) => looseVersions(name));
    expect(loose).toEqual([]);
  });
});

describe('a planted violation is found', () => {
  test.each(bans.map((ban) => [ban.name, ban]))('%s', (_name, ban) => {
    const planted = parseSource('services/sealer/src/planted.ts', ban.planted);
    expect(checkBans(planted).join()).toContain(ban.instead);
  });

  test('a circle of types', () => {
    const planted = [
      parseSource('schemas/src/a.ts', "import type { B } from './b.ts';"),
      parseSource('schemas/src/b.ts', "import { C } from './deep/c.ts';"),
      parseSource('schemas/src/deep/c.ts', "export { a } from '../a.ts';"),
    ];
    expect(checkCircles(planted)).toEqual([
      'schemas/src/a.ts -> schemas/src/b.ts -> schemas/src/deep/c.ts -> schemas/src/a.ts',
    ]);
  });

  const imports: readonly (readonly [string, string, string])[] = [
    ['a pure core that does I/O', 'services/core/chain/src/x.ts', 'import "node:fs";'],
    [
      'a service that imports a service',
      'services/sealer/src/x.ts',
      'import "@sandtrail/gateway/admit";',
    ],
    ['an agent that imports the store', 'agents/host/src/x.ts', 'import "@sandtrail/store/store";'],
    ['a library outside its home', 'services/sealer/src/x.ts', 'import "koffi";'],
    [
      'a path out of the package',
      'services/sealer/src/x.ts',
      'import "../../gateway/src/admit.ts";',
    ],
    ['a page that imports Node', 'dashboards/soc/src/x.tsx', 'import "node:fs";'],
    [
      'a page that imports more than the contract',
      'dashboards/soc/src/x.tsx',
      'import "@sandtrail/console/http/pages";',
    ],
    [
      'a type from outside its row',
      'schemas/src/x.ts',
      'import type { A } from "@sandtrail/chain/row";',
    ],
  ];
  test.each(imports)('%s', (_name, place, text) => {
    expect(checkImports(parseSource(place, text))).toHaveLength(1);
  });

  const shapes: readonly (readonly [string, string, string])[] = [
    ['a banned name', 'services/sealer/src/utils.ts', '// A.\n'],
    ['a name that is not kebab-case', 'services/sealer/src/someThing.ts', '// A.\n'],
    ['a file over the cap', 'services/sealer/src/x.ts', `// A.\n${'x;\n'.repeat(401)}`],
    ['a file without its sentence', 'services/sealer/src/x.ts', 'let x;\n'],
    ['a long line', 'services/sealer/src/x.ts', `// A.\nlet ${'x'.repeat(100)};\n`],
    [
      'a long function',
      'services/sealer/src/x.ts',
      `// A.\nfunction f() {\n${'x;\n'.repeat(70)}}\n`,
    ],
    ['a silenced type error', 'services/sealer/src/x.ts', '// A.\n// @ts-ignore\n'],
    ['an export without words', 'services/sealer/src/x.ts', '// A.\nexport function f() {}\n'],
    ['a mark for later', 'services/sealer/src/x.ts', '// A.\n// TODO x\n'],
  ];
  test.each(shapes)('%s', (_name, place, text) => {
    expect(checkShape(parseSource(place, text))).toHaveLength(1);
  });

  test('two tests of one name', () => {
    const twice = "test('a', f);\ntest('a', g);\n";
    expect(doubledTests('x.test.ts', twice)).toHaveLength(1);
  });

  test('a detector that its list does not name', () => {
    const orphan = 'services/core/detection/src/detectors/forgotten.ts';
    expect(checkLists([...files, orphan])).toEqual([expect.stringContaining('forgotten')]);
  });
});

function doubledTests(name: string, text: string): readonly string[] {
  const names = [...text.matchAll(/^\s*(?:test|it)\(\s*'([^']+)'/gm)].map((match) => match[1]);
  return names
    .filter((each, index) => names.indexOf(each) !== index)
    .map((each) => `${name}: two tests are named "${each}"`);
}

function looseVersions(name: string): readonly string[] {
  const manifest: Record<string, unknown> = JSON.parse(readFileSync(path.join(root, name), 'utf8'));
  return ['dependencies', 'devDependencies'].flatMap((group) =>
    Object.entries(manifest[group] ?? {})
      .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)))
      .map(([library, version]) => `${name}: ${library} is ${version}, not one version`),
  );
}
