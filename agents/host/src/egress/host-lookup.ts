// The lookup of production: addresses that the policy states, else the host's own resolver, briefly kept.
import { lookup as systemLookup } from 'node:dns/promises';
import type { CompiledEgress } from '@sandtrail/policy/egress';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Lookup } from './destination.ts';

/** Asks the machine; replaceable so that another resolver can stand behind it. */
export type AskHost = (name: string) => Promise<readonly string[]>;

interface HostLookupOptions {
  readonly policy: CompiledEgress;
  readonly clock: Clock;
  readonly ask?: AskHost;
  /** How long an answer is used again: agents open a connection for each request. */
  readonly keptMs?: number;
  readonly entriesMax?: number;
  readonly timeoutMs?: number;
}

interface Entry {
  readonly untilMs: number;
  readonly answer: Promise<readonly string[]>;
}

/**
 * A lookup for one sandbox. A name that `private_allow` states is never asked of any resolver: its
 * stated addresses are the answer, and so it cannot be rebound. Others go to getaddrinfo(3).
 */
export function hostLookup(options: HostLookupOptions): Lookup {
  const { policy, clock, ask = askSystem, keptMs = 5000, entriesMax = 1024 } = options;
  const kept = new Map<string, Entry>();
  return (name) => {
    const stated = policy.privateAllow.get(name);
    if (stated !== undefined) return Promise.resolve([...stated]);
    const nowMs = clock.monotonicMs();
    const entry = kept.get(name);
    if (entry !== undefined && entry.untilMs > nowMs) return entry.answer;
    const answer = within(ask(name), options.timeoutMs ?? 5000);
    kept.delete(name);
    kept.set(name, { untilMs: nowMs + keptMs, answer });
    const [oldest] = kept.keys();
    if (kept.size > entriesMax && oldest !== undefined) kept.delete(oldest);
    return answer;
  };
}

async function askSystem(name: string): Promise<readonly string[]> {
  const answers = await systemLookup(name, { all: true, order: 'ipv4first' });
  return answers.map(({ address }) => address);
}

function within(answer: Promise<readonly string[]>, timeoutMs: number) {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const timer = setTimeout(() => resolve([]), timeoutMs);
  timer.unref();
  return Promise.race([answer, promise]).finally(() => clearTimeout(timer));
}
