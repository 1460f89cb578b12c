// One event as one line for a person: time, sandbox, kind, and what matters of it.
import * as z from 'zod';
import { printable } from './printable.ts';

const Place = z.object({ raw: z.string() });
const Line = z.looseObject({
  timeNs: z.string(),
  sandbox: z.string(),
  kind: z.string(),
  process: z.object({ pid: z.number(), comm: z.string().optional() }).optional(),
});
const Finding = z.object({
  detector: z.string(),
  severity: z.string(),
  explanation: z.string(),
});

/** The line's text; a line that is not an event is printed as it is, made safe. */
export function eventText(line: string): string {
  const parsed = Line.safeParse(JSON.parse(line));
  if (!parsed.success) return printable(line, 400);
  const { timeNs, sandbox, kind, process, ...rest } = parsed.data;
  const time = new Date(Number(BigInt(timeNs) / 1_000_000n)).toISOString().slice(11, 23);
  const who = process === undefined ? '' : ` ${process.comm ?? 'pid'}[${process.pid}]`;
  return printable(
    `${time} ${sandbox.slice(0, 13)} ${kind}${who} ${gist(kind, rest)}`.trimEnd(),
    400,
  );
}

function gist(kind: string, event: Readonly<Record<string, unknown>>): string {
  if (kind === 'finding') {
    const finding = Finding.safeParse(event['finding']);
    if (!finding.success) return '';
    const { severity, detector, explanation } = finding.data;
    return `${severity.toUpperCase()} ${detector}: ${explanation}`;
  }
  const place = Place.safeParse(event['exe'] ?? event['path']);
  const words = [place.success ? place.data.raw : undefined, ...plainWords(event)];
  return words.filter((word) => word !== undefined).join(' ');
}

const told = [
  'argv',
  'name',
  'address',
  'port',
  'method',
  'host',
  'destination',
  'reason',
  'verdict',
  'errno',
  'code',
  'signal',
  'tool',
  'text',
];

function plainWords(event: Readonly<Record<string, unknown>>): readonly string[] {
  return told.flatMap((field) => {
    const value = event[field];
    if (value === undefined) return [];
    return [`${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`];
  });
}
