import { readFileSync } from 'node:fs';
import type { Finding } from '@sandtrail/schemas/finding';
import { describe, expect, test } from 'vitest';
import { createBundle } from './bundle.ts';
import { detectLines } from './detect-lines.ts';
import { writeFinding } from './sandbox-watch.ts';

/** Recorded from real programs in real sandboxes, thinned out and renumbered. */
function recorded(name: string): readonly string[] {
  const file = new URL(`./fixtures/${name}.ndjson`, import.meta.url);
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}

function judge(lines: readonly string[]): readonly Finding[] {
  const detection = detectLines({ bundle: createBundle() });
  return lines.flatMap((line) => {
    const outcome = detection.line(line);
    expect(outcome.type).toBe('findings');
    return outcome.type === 'findings' ? outcome.findings : [];
  });
}

const attacks = recorded('attacks');
const names = new Map(
  attacks.flatMap((line): [string, string][] => {
    const event: { kind: string; sandbox: string; name: string } = JSON.parse(line);
    return event.kind === 'sandbox.created' ? [[event.sandbox, event.name]] : [];
  }),
);

const alarming: readonly Finding['severity'][] = ['medium', 'high', 'critical'];

test('an honest session of git, npm, pip, compilers and test runs raises no alarm', () => {
  const loud = judge(recorded('benign-session')).filter(({ severity }) =>
    alarming.includes(severity),
  );
  expect(loud.map(({ explanation }) => explanation)).toEqual([]);
});

describe('a recorded attack is found', () => {
  const findings = judge(attacks);
  test.each([
    ['compiled-main', 'escape-primitive', 'high', 'contain'],
    ['renamed-curl', 'drift-execution', 'high', 'approve'],
    ['renamed-curl', 'egress-policy', 'medium', 'approve'],
    ['printed-secret', 'secret-leak', 'high', 'watch'],
    ['outside-allowlist', 'egress-policy', 'high', 'approve'],
    ['dns-labels', 'dns-exfiltration', 'high', 'approve'],
    ['symlink-out', 'path-traversal', 'medium', 'approve'],
    ['docker-socket', 'escape-primitive', 'high', 'contain'],
    ['memory-binary', 'drift-execution', 'high', 'approve'],
    ['sensor-killed', 'telemetry-gap', 'high', 'approve'],
  ])('%s by %s, %s, to %s', (name, detector, severity, act) => {
    const about = findings.filter(({ sandbox }) => names.get(sandbox) === name);
    const fitting = about.filter(
      (each) => each.detector === detector && each.severity === severity,
    );
    expect(fitting.map(({ recommend }) => recommend.act)).toContain(act);
    expect(fitting.every(({ witnessed }) => witnessed)).toBe(true);
  });

  test('with one finding for each cause, not one for each event', () => {
    expect(findings.length).toBeLessThan(30);
  });

  test('with the same bytes when the records of each sandbox come in another interleaving', () => {
    const bySandbox = Map.groupBy(attacks, (line) => JSON.parse(line).sandbox);
    const turned = [...bySandbox.values()].reverse().flat();
    const sorted = (found: readonly Finding[]) => found.map(writeFinding).sort();
    expect(sorted(judge(turned))).toEqual(sorted(findings));
  });
});
