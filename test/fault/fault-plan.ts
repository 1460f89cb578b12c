// Which process dies in which round, and when: a function of the seed alone.

/** What is killed: the product's processes, and the process of `sandtrail run`. */
export const victims = ['core', 'engine', 'signer', 'host', 'bpftrace', 'runner'] as const;
export type Victim = (typeof victims)[number];

/** One death. */
export interface Fault {
  readonly victim: Victim;
  /** After the round's beginning, under load. */
  readonly afterMs: number;
}

const afterMsMax = 600;

/** As many faults as rounds; each run of six kills each victim once, in an order of its own. */
export function planFaults(seed: number, rounds: number): readonly Fault[] {
  const random = randomOf(seed);
  const faults: Fault[] = [];
  while (faults.length < rounds) {
    const left = [...victims];
    while (left.length > 0) {
      const [victim] = left.splice(Math.floor(random() * left.length), 1);
      if (victim !== undefined) faults.push({ victim, afterMs: Math.floor(random() * afterMsMax) });
    }
  }
  return faults.slice(0, rounds);
}

/** Numbers in [0, 1) from a seed (mulberry32, Tommy Ettinger 2017). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
