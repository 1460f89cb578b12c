// One figure of the bench: what was measured, against what it should be, and the table of all of them.

/** A measured value and its aim; `isMet` is undefined where there is no aim. */
export interface Figure {
  readonly name: string;
  readonly aim: string;
  readonly value: number;
  readonly unit: string;
  readonly isMet: boolean | undefined;
  /** Exactly what was measured, and what bounds it. */
  readonly detail: string;
}

interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly detail?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** A figure with its verdict. */
export function figure({ name, value, unit, detail = '', atMost, atLeast }: Measured): Figure {
  if (atMost !== undefined) {
    return { name, aim: `≤ ${atMost} ${unit}`, value, unit, isMet: value <= atMost, detail };
  }
  if (atLeast !== undefined) {
    return { name, aim: `≥ ${atLeast} ${unit}`, value, unit, isMet: value >= atLeast, detail };
  }
  return { name, aim: '', value, unit, isMet: undefined, detail };
}

/** The figures as a table for people. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, aim, value, unit, isMet, detail }) => {
    const verdict = isMet === undefined ? '' : isMet ? 'met' : 'MISSED';
    const rounded = value >= 100 ? value.toFixed(0) : value.toFixed(2);
    return [name, aim, `${rounded} ${unit}`, verdict, detail] as const;
  });
  const heads = ['figure', 'aim', 'measured', '', 'what exactly'] as const;
  const widths = heads.map((head, at) =>
    Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(heads), ...rows.map(line)].join('\n');
}

/** The value below which a share of the samples lies (nearest rank); 0 without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = Math.max(Math.ceil(sorted.length * share) - 1, 0);
  return sorted[rank] ?? 0;
}
