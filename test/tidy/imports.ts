// The import table of the house: what each package may import.
import { isNode, isTest, lineOf, type SourceFile } from './source.ts';

interface Allowance {
  /** Sandtrail packages, without the scope; `*` is any. */
  readonly packages: readonly string[];
  /** Node's own modules: all of them, or the named ones. */
  readonly node: 'all' | readonly string[];
}

const serviceFloor = [
  'schemas',
  'chain',
  'policy',
  'detection',
  'secrets',
  'runtime',
  'bus',
  'store',
];
const service: Allowance = { packages: serviceFloor, node: 'all' };

const table: Readonly<Record<string, Allowance>> = {
  schemas: { packages: [], node: [] },
  'services/core/chain': { packages: ['schemas'], node: ['node:crypto', 'node:assert'] },
  'services/core/policy': { packages: ['schemas'], node: ['node:crypto', 'node:url'] },
  'services/core/detection': {
    packages: ['schemas', 'policy'],
    node: ['node:crypto', 'node:assert', 'node:net'],
  },
  'services/core/secrets': {
    packages: ['schemas', 'runtime'],
    node: ['node:crypto', 'node:zlib', 'node:buffer', 'node:string_decoder', 'node:assert'],
  },
  'services/core/runtime': { packages: ['schemas'], node: 'all' },
  'services/core/bus': { packages: ['schemas', 'runtime'], node: 'all' },
  'services/core/store': { packages: ['schemas', 'runtime', 'chain'], node: 'all' },
  'agents/kit': { packages: ['schemas', 'runtime', 'secrets'], node: 'all' },
  'agents/host': {
    packages: ['schemas', 'runtime', 'policy', 'detection', 'kit', 'secrets'],
    node: 'all',
  },
  'agents/sandbox': { packages: ['schemas', 'runtime', 'kit'], node: 'all' },
  'services/gateway': { packages: [...serviceFloor, 'kit'], node: 'all' },
  'services/sealer': service,
  'services/detector': service,
  'services/responder': service,
  'services/console': service,
  'services/forwarder': service,
  // The door: it starts the embedded product, which is the one package that composes all others.
  'services/cli': { packages: [...serviceFloor, 'local'], node: 'all' },
  'services/local': { packages: ['*'], node: 'all' },
  'dashboards/grafana': { packages: [], node: [] },
  // A browser: of the console it takes the contract alone, and nothing of Node.
  'dashboards/soc': { packages: ['schemas', 'console/contract'], node: [] },
  test: { packages: ['*'], node: 'all' },
};

/** Libraries that only the named files may import; everybody else goes through those files. */
const homes: Readonly<Record<string, RegExp>> = {
  '@opentelemetry': /^services\/core\/runtime\/src\/(?:open-telemetry|metric-producer)\.ts$/,
  kafkajs: /^services\/core\/bus\/src\/kafka\//,
  koffi: /^services\/core\/runtime\/src\/ffi[a-z-]*\.ts$/,
  chdb: /^services\/core\/store\/src\/(?:chdb|connection)[a-z-]*\.ts$/,
  '@clickhouse/client': /^services\/core\/store\/src\/(?:chdb|connection)[a-z-]*\.ts$/,
  '@secretlint': /^services\/core\/secrets\/src\/secretlint[a-z-]*\.ts$/,
  fastify: /^services\/(?:gateway|console)\//,
  'node:sqlite': /^services\/core\/bus\/src\//,
};

/** Names each import that the table does not allow. */
export function checkImports(file: SourceFile): readonly string[] {
  const place = placeOf(file.path);
  const allowance = place === undefined ? undefined : table[place];
  if (place === undefined || allowance === undefined) {
    return [`${file.path}: no row of the import table covers this file`];
  }
  const faults: string[] = [];
  for (const node of file.nodes) {
    const target = importTarget(node);
    if (target === undefined) continue;
    const fault = judge(file.path, place, allowance, target);
    if (fault !== undefined) faults.push(`${file.path}:${lineOf(file, node)}: ${fault}`);
  }
  return faults;
}

function placeOf(name: string): string | undefined {
  return Object.keys(table)
    .filter((place) => name.startsWith(`${place}/`))
    .sort((a, b) => b.length - a.length)[0];
}

/** What an import or a re-export names; undefined for any other node. */
export function importTarget(node: { readonly type: string; readonly source?: unknown }) {
  const importing =
    /^(?:ImportDeclaration|ExportNamedDeclaration|ExportAllDeclaration|ImportExpression)$/;
  if (!importing.test(node.type) || !isNode(node.source)) return undefined;
  const value = node.source['value'];
  return typeof value === 'string' ? value : undefined;
}

function judge(name: string, place: string, allowance: Allowance, target: string) {
  if (target.startsWith('.')) return leavesPackage(name, place, target);
  if (isTest(name)) return undefined;
  const home = Object.entries(homes).find(
    ([library]) => target === library || target.startsWith(`${library}/`),
  );
  if (home !== undefined && !home[1].test(name))
    return `${target} is imported in its home only (${home[1].source})`;
  if (target.startsWith('node:')) {
    const allowed = allowance.node === 'all' || allowance.node.includes(target);
    return allowed ? undefined : `${place} may not import ${target}`;
  }
  const found = /^@sandtrail\/(([a-z-]+).*)$/.exec(target);
  if (found === null) return undefined;
  const [, file = '', own = ''] = found;
  const allowed = allowance.packages.some(
    (each) => each === '*' || each === own || file.startsWith(`${each}/`),
  );
  return allowed ? undefined : `${place} may not import @sandtrail/${own}`;
}

function leavesPackage(name: string, place: string, target: string): string | undefined {
  const absolute = new URL(target, `file:///${name}`).pathname.slice(1);
  if (absolute.startsWith(`${place}/`)) return undefined;
  return `${target} leaves the package: import it as @sandtrail/PACKAGE/FILE`;
}
