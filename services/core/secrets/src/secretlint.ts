// The second engine: secretlint, called only where the first one's prefilter saw something.
// Its profiler is muted (on, it is six times slower and leaks), its comment filter is left out (the
// scanned text could switch rules off), and of its results only rule and range are read: its
// messages repeat the secret.
import { lintSource } from '@secretlint/core';
import { secretLintProfiler } from '@secretlint/profiler';
import { rules as recommended } from '@secretlint/secretlint-rule-preset-recommend';
import type { Span } from './span.ts';

/** Finds spans in a text, later. Never rejects for what the text holds. */
export type SecondEngine = (text: string) => Promise<readonly Span[]>;

secretLintProfiler.setEnabled(false);

const prefix = '@secretlint/secretlint-rule-';
const rules = recommended
  .filter((rule) => rule.meta.id !== `${prefix}filter-comments`)
  .map((rule) => ({ id: rule.meta.id, rule, options: { enableIDScanRule: true } }));

/** secretlint over text, with its recommended rules. About 80 µs a call. */
export const secretlintEngine: SecondEngine = async (text) => {
  const result = await lintSource({
    source: { content: text, filePath: 'text', ext: '', contentType: 'text' },
    options: { noPhysicFilePath: true, config: { rules } },
  });
  return result.messages.map(({ ruleId, range: [start, end] }) => ({
    rule: `secretlint-${ruleId.replace(prefix, '')}`,
    class: 'secret',
    tier: 2,
    engine: 'secretlint',
    start,
    end,
    via: [],
  }));
};
