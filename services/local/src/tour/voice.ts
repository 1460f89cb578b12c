// How the tour speaks: numbered steps, what was shown, what was missed.

/** Says things in order; counts what was promised and not shown. */
export interface Voice {
  title(text: string): Promise<void>;
  step(text: string): Promise<void>;
  hit(text: string): Promise<void>;
  miss(text: string): Promise<void>;
  note(text: string): Promise<void>;
  misses(): number;
  summary(): Promise<void>;
}

/** A voice over an output. */
export function createVoice(out: (text: string) => Promise<void>): Voice {
  let steps = 0;
  let hits = 0;
  let misses = 0;
  return {
    title: (text) => out(`\n${text}\n`),
    step: (text) => {
      steps += 1;
      return out(`\n${`${steps}`.padStart(2)}  ${text}\n`);
    },
    hit: (text) => {
      hits += 1;
      return out(`    ✓ ${text}\n`);
    },
    miss: (text) => {
      misses += 1;
      return out(`    ✗ ${text}\n`);
    },
    note: (text) => out(`      ${text}\n`),
    misses: () => misses,
    summary: () => out(`\n${steps} parts, ${hits} shown, ${misses} missed.\n\n`),
  };
}
