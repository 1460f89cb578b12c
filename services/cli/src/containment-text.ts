// A containment's report for a person: what was asked, what became of it, and the proof.
import { Proof } from '@sandtrail/schemas/containment';
import * as z from 'zod';
import { printable } from './printable.ts';

const Result = z.looseObject({
  state: z.string(),
  check: z.string(),
  level: z.string(),
  driver: z.string(),
  latencyUs: z.number(),
  proof: Proof.optional(),
  detail: z.string().optional(),
});
const Report = z.looseObject({
  requestId: z.string(),
  act: z.string(),
  sandbox: z.string(),
  level: z.string(),
  reason: z.string(),
  state: z.string(),
  requester: z.object({ type: z.string(), name: z.string() }),
  results: z.array(Result),
});
const List = z.object({
  waiting: z.array(Report),
  recent: z.array(Report),
  standings: z.array(z.looseObject({ sandbox: z.string(), level: z.string() })),
});

interface Printing {
  readonly answer: unknown;
  readonly asJson: boolean;
  readonly out: (text: string) => Promise<void>;
}

const good: readonly string[] = ['verified', 'released', 'already_gone', 'already'];

/** Prints one report or the list of all; resolves to the exit code: 0 only for what is proven. */
export async function printContainment({ answer, asJson, out }: Printing): Promise<number> {
  const list = List.safeParse(answer);
  if (list.success) {
    await out(asJson ? `${JSON.stringify(answer)}\n` : listText(list.data));
    return 0;
  }
  const report = Report.parse(answer);
  await out(asJson ? `${JSON.stringify(answer)}\n` : reportText(report));
  return good.includes(report.state) ? 0 : 1;
}

function listText({ waiting, recent, standings }: z.infer<typeof List>): string {
  const lines = [
    `waiting for a person: ${waiting.length}`,
    ...waiting.map(
      (each) =>
        `  ${each.requestId}  ${each.level} for ${each.sandbox}\n    ${printable(each.reason)}`,
    ),
    `contained now: ${standings.filter((each) => each.level !== 'L0').length}`,
    ...standings.map((each) => `  ${each.sandbox}  ${each.level}`),
    `recent: ${recent.length}`,
    ...recent.map((each) => `  ${each.level} ${each.state}  ${each.sandbox}`),
  ];
  return `${lines.join('\n')}\n`;
}

function reportText({ act, level, sandbox, state, results, reason }: z.infer<typeof Report>) {
  const lines = [`${act} ${level} of ${sandbox}: ${state}`, `  because ${printable(reason)}`];
  for (const { check, state: became, latencyUs, driver, proof, detail } of results) {
    const when = check.replace('_', ' ');
    lines.push(
      `  ${when}: ${became} by ${driver}, ${(latencyUs / 1000).toFixed(1)} ms after the request`,
    );
    if (proof !== undefined) lines.push(`    proof: ${proofText(proof)}`);
    if (detail !== undefined) lines.push(`    ${printable(detail)}`);
  }
  return `${lines.join('\n')}\n`;
}

function proofText(proof: Proof): string {
  const { visited, frozen, alive, escaped, truncated, cpuDeltaUs, openFlows } = proof;
  const whole = truncated ? 'not all tasks could be visited' : `${visited} tasks visited`;
  return `${whole}, ${frozen} frozen, ${alive} alive, ${escaped} escaped, ${cpuDeltaUs} µs of CPU since, ${openFlows ?? 'unknown'} flows open`;
}
