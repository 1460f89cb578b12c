// How much a sandbox may say in names under one registered domain, where a wildcard lets it choose them.
import type { Clock } from '@sandtrail/runtime/clock';
import { getDomain } from 'tldts';
import type { ResolverLimits } from './resolver-limits.ts';

interface DnsBudgetOptions {
  readonly clock: Clock;
  readonly limits: Pick<
    ResolverLimits,
    'labelBytesMax' | 'distinctNamesMax' | 'nameBytesMax' | 'budgetMs'
  >;
}

interface Spent {
  readonly startedMs: number;
  readonly names: Set<string>;
  bytes: number;
}

/** The domain that somebody registered, by the public-suffix list with its private part. */
export function registeredDomain(name: string): string {
  return getDomain(name, { allowPrivateDomains: true }) ?? name;
}

/**
 * Budgets of one sandbox. Its state is bounded: the number of domains, and the names of each. Only
 * names that a wildcard allows come here.
 */
export class DnsBudget {
  readonly #options: DnsBudgetOptions;
  readonly #domains = new Map<string, Spent>();

  constructor(options: DnsBudgetOptions) {
    this.#options = options;
  }

  /** True when the name may be asked for. The same name again costs nothing. */
  spend(name: string): boolean {
    const { limits } = this.#options;
    if (name.split('.').some((label) => label.length > limits.labelBytesMax)) return false;
    const spent = this.#spentOn(registeredDomain(name));
    if (spent.names.has(name)) return true;
    if (spent.names.size >= limits.distinctNamesMax) return false;
    if (spent.bytes + name.length > limits.nameBytesMax) return false;
    spent.names.add(name);
    spent.bytes += name.length;
    return true;
  }

  #spentOn(domain: string): Spent {
    const nowMs = this.#options.clock.monotonicMs();
    const spent = this.#domains.get(domain);
    if (spent !== undefined && nowMs - spent.startedMs < this.#options.limits.budgetMs)
      return spent;
    const fresh: Spent = { startedMs: nowMs, names: new Set(), bytes: 0 };
    // A wildcard over a public suffix (`*.com`) would reach any number of domains.
    const [oldest] = this.#domains.keys();
    if (this.#domains.size >= domainsMax && oldest !== undefined && spent === undefined)
      this.#domains.delete(oldest);
    this.#domains.set(domain, fresh);
    return fresh;
  }
}

const domainsMax = 1024;
