// Reads the text that Prometheus scrapes, strictly: what is no sample or comment is an error.

/** One line of the text. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All samples of a text. */
export function parseMetrics(text: string): readonly Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, labels = '', value] = /^([a-z_]+)\{(.*)\} (\S+)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`no sample: ${line}`);
      const pairs = [...labels.matchAll(/([a-z]+)="([^"\\]*)"/g)];
      return {
        name,
        labels: Object.fromEntries(pairs.map(([, label = '', words = '']) => [label, words])),
        value: Number(value),
      };
    });
}
