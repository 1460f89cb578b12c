// The families of events by which the console counts, filters and marks them.
import type { Kind } from '@sandtrail/schemas/events';
import * as z from 'zod';

/** `finding` stands apart: findings are counted and marked by severity, not by a family's colour. */
export const Family = z.enum(['agent', 'process', 'file', 'network', 'control', 'finding']);
export type Family = z.infer<typeof Family>;

type Root<K extends string> = K extends `${infer Head}.${string}` ? Head : K;

/** The family of the kinds that begin with a word. */
const familyOfRoot: Readonly<Record<Root<Kind>, Family>> = {
  agent: 'agent',
  model: 'agent',
  tool: 'agent',
  command: 'process',
  process: 'process',
  syscall: 'process',
  file: 'file',
  network: 'network',
  collector: 'control',
  containment: 'control',
  control: 'control',
  sandbox: 'control',
  feed: 'finding',
  finding: 'finding',
};

/** The words with which a family's kinds begin. */
export function rootsOf(family: Family): readonly string[] {
  return Object.entries(familyOfRoot).flatMap(([root, each]) => (each === family ? [root] : []));
}

/** The family of a kind; a kind that this version does not know counts as `control`. */
export function familyOf(kind: string): Family {
  const [root = ''] = kind.split('.');
  return isRoot(root) ? familyOfRoot[root] : 'control';
}

function isRoot(root: string): root is Root<Kind> {
  return Object.hasOwn(familyOfRoot, root);
}
