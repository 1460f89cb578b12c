// Scalars of a schema as quick functions; see `quick-schema.ts`.
import * as z from 'zod';

/** Whether a value fits. */
export type Fits = (value: unknown) => boolean;

/** How a scalar is judged, or undefined for a schema that is not known here. */
export function scalarFits(schema: z.core.$ZodType): Fits | undefined {
  if (schema instanceof z.ZodBoolean) return (value) => typeof value === 'boolean';
  if (schema instanceof z.ZodString) return isPlain(schema.def) ? textFits(schema.def) : undefined;
  const limits = schema instanceof z.ZodType ? limitsOf(schema.def) : undefined;
  if (limits === undefined || limits.pattern !== undefined) return undefined;
  const { least, most } = limits;
  if (schema instanceof z.ZodNumberFormat && isInteger(schema.def)) {
    return (value) => isSafeInteger(value) && value >= least && value <= most;
  }
  if (schema instanceof z.ZodBigInt && isPlain(schema.def)) {
    return (value) => typeof value === 'bigint' && value >= least && value <= most;
  }
  return undefined;
}

function textFits(def: Checked): Fits | undefined {
  const limits = limitsOf(def);
  if (limits === undefined) return undefined;
  const { shortest, longest, pattern } = limits;
  return (value) =>
    typeof value === 'string' &&
    value.length >= shortest &&
    value.length <= longest &&
    (pattern === undefined || pattern.test(value));
}

/** What a schema's checks ask of a value beside its type. */
interface Limits {
  readonly shortest: number;
  readonly longest: number;
  readonly least: number | bigint;
  readonly most: number | bigint;
  readonly pattern: RegExp | undefined;
}

const unlimited: Limits = {
  shortest: 0,
  longest: Number.POSITIVE_INFINITY,
  least: Number.NEGATIVE_INFINITY,
  most: Number.POSITIVE_INFINITY,
  pattern: undefined,
};

/** A schema's definition. */
interface Checked {
  readonly checks?: readonly z.core.$ZodCheck<never>[] | undefined;
}

/** The limits that a schema's checks set, or undefined when one of them is not known here. */
export function limitsOf({ checks = [] }: Checked): Limits | undefined {
  let limits: Limits | undefined = unlimited;
  for (const check of checks) limits = limits && withCheck(limits, check);
  return limits;
}

function withCheck(limits: Limits, check: z.core.$ZodCheck<never>): Limits | undefined {
  if (check instanceof z.core.$ZodCheckMaxLength) {
    return { ...limits, longest: Math.min(limits.longest, check._zod.def.maximum) };
  }
  if (check instanceof z.core.$ZodCheckMinLength) {
    return { ...limits, shortest: Math.max(limits.shortest, check._zod.def.minimum) };
  }
  if (check instanceof z.core.$ZodCheckLessThan) {
    const { value, inclusive } = check._zod.def;
    if (!inclusive || typeof value === 'object') return undefined;
    return value < limits.most ? { ...limits, most: value } : limits;
  }
  if (check instanceof z.core.$ZodCheckGreaterThan) {
    const { value, inclusive } = check._zod.def;
    if (!inclusive || typeof value === 'object') return undefined;
    return value > limits.least ? { ...limits, least: value } : limits;
  }
  if (!(check instanceof z.core.$ZodCheckRegex)) return undefined;
  const { pattern } = check._zod.def;
  // Two patterns are left to zod; one that remembers where it was would judge a text in two ways.
  const isAlone = limits.pattern === undefined && !pattern.global && !pattern.sticky;
  return isAlone ? { ...limits, pattern } : undefined;
}

/** True when a schema checks more than its type. */
export function hasChecks({ checks = [] }: Checked): boolean {
  return checks.length > 0;
}

function isInteger(def: object): boolean {
  return 'format' in def && def.format === 'safeint';
}

/** Neither a format of its own, such as `z.email()`, nor a coercion. */
function isPlain(def: { readonly coerce?: boolean | undefined }): boolean {
  return !(def.coerce || 'format' in def || 'check' in def);
}

function isSafeInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
