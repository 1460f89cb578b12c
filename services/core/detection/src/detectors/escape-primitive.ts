// Detects the primitives of container and VM escape: one event is enough.
import { isWithin } from '@sandtrail/policy/place';
import * as z from 'zod';
import { type ActOf, type DetectionEvent, errnoOf } from '../detection-event.ts';
import { type Detection, defineDetector } from '../detector.ts';
import { matchEscapeCall } from '../escape-calls.ts';
import { type EscapePrimitive, matchEscapePath } from '../escape-paths.ts';
import { escapePrimitiveExamples } from '../examples/escape-primitive.ts';
import { quote } from '../quote.ts';
import type { SandboxView } from '../sandbox-view.ts';

const Config = z.strictObject({
  /** The same primitive again within this time is one finding. */
  repeatMs: z.int().min(0).default(600_000),
});

/** Escape to the host (MITRE ATT&CK T1611), outside what the policy declares. */
export const escapePrimitive = defineDetector({
  name: 'escape-primitive',
  version: 1,
  techniques: [
    { framework: 'attack', id: 'T1611' },
    { framework: 'owasp-agentic', id: 'T3' },
  ],
  kinds: [
    'syscall',
    'file.open',
    'file.link',
    'file.rename',
    'file.chmod',
    'file.write',
    'network.connect',
    'network.listen',
  ],
  scope: 'single',
  sparesLauncher: true,
  config: Config,
  start: (config) => ({
    step(event, sandbox, emit) {
      const found = judge(event, sandbox);
      if (found === undefined) return;
      emit({ ...found, windowMs: config.repeatMs });
    },
  }),
  examples: escapePrimitiveExamples,
});

type Found = Omit<Detection, 'windowMs'>;

function judge({ act }: DetectionEvent, sandbox: SandboxView): Found | undefined {
  switch (act.kind) {
    case 'syscall':
      return judgeCall(act, sandbox);
    case 'network.connect':
    case 'network.listen':
      return judgeSocket(act, sandbox);
    case 'file.open': {
      const access = act.access === 'read' ? 'read' : 'write';
      return judgePaths(act, sandbox, { access, paths: [act.path] });
    }
    case 'file.chmod':
    case 'file.write':
      return judgePaths(act, sandbox, { access: 'write', paths: [act.path] });
    case 'file.link':
      // A symbolic link to such a place changes nothing yet; following it is judged when it happens.
      return act.type === 'hard'
        ? judgePaths(act, sandbox, { access: 'write', paths: [act.path, act.target] })
        : undefined;
    case 'file.rename':
      return judgePaths(act, sandbox, { access: 'write', paths: [act.path, act.target] });
    default:
      return undefined;
  }
}

function judgeCall(act: ActOf<'syscall'>, sandbox: SandboxView): Found | undefined {
  const result = act.result === undefined ? 0 : Number(act.result);
  const call = matchEscapeCall(act);
  if (call !== undefined) return describeCall(call, { name: act.name, result });
  if (act.path === undefined) return undefined;
  const errno = result < 0 ? -result : 0;
  return judgePaths({ ...act, errno }, sandbox, { access: 'write', paths: [act.path] });
}

function describeCall(
  call: EscapePrimitive,
  { name, result }: { readonly name: string; readonly result: number },
): Found {
  const outcome = result < 0 ? `was refused with error ${-result}` : 'worked';
  return {
    title: result < 0 ? 'Escape primitive tried' : 'Escape primitive used',
    explanation: `The system call ${name} asks for ${call.what} and ${outcome}.`,
    ...weigh(call, result < 0),
  };
}

function judgeSocket(
  act: ActOf<'network.connect' | 'network.listen'>,
  sandbox: SandboxView,
): Found | undefined {
  if (act.family === 'packet') {
    const call = matchEscapeCall({ name: 'socket', args: [{ name: 'family', value: 'packet' }] });
    const result = -errnoOf(act);
    return call === undefined ? undefined : describeCall(call, { name: act.kind.slice(8), result });
  }
  if (act.family !== 'unix' || act.kind === 'network.listen') return undefined;
  return judgePaths(act, sandbox, { access: 'connect', paths: [{ raw: act.address }] });
}

interface Touched {
  readonly access: 'read' | 'write' | 'connect';
  readonly paths: readonly { readonly raw: string; readonly resolved?: string | undefined }[];
}

function judgePaths(
  act: DetectionEvent['act'] & { readonly errno?: number | undefined },
  sandbox: SandboxView,
  { access, paths }: Touched,
): Found | undefined {
  for (const path of paths) {
    const { lexical, followed } = sandbox.locate(act, path.raw);
    for (const spelling of new Set([path.resolved ?? followed, followed, lexical, path.raw])) {
      const rule = matchEscapePath(spelling, access);
      if (rule === undefined || isDeclared(spelling, sandbox)) continue;
      return describePath({ rule, raw: path.raw, spelling, access, errno: errnoOf(act) });
    }
  }
  return undefined;
}

/** A host mount of the policy is declared, and so is what stands in the workspace. */
function isDeclared(path: string, sandbox: SandboxView): boolean {
  return sandbox.places.some((place) => place.path !== '/' && isWithin(path, place.path));
}

const done = { read: 'opened', write: 'changed', connect: 'connected to' } as const;
const tried = {
  read: 'tried to open',
  write: 'tried to change',
  connect: 'tried to connect to',
} as const;

function describePath(found: {
  readonly rule: EscapePrimitive;
  readonly raw: string;
  readonly spelling: string;
  readonly access: Touched['access'];
  readonly errno: number;
}): Found {
  const { rule, raw, spelling, access, errno } = found;
  const also = spelling === raw ? '' : `, which is ${quote(spelling)}`;
  const outcome = errno === 0 ? '' : `; it failed with error ${errno}`;
  const verb = errno === 0 ? done[access] : tried[access];
  return {
    title: errno === 0 ? 'Way out of the sandbox opened' : 'Way out of the sandbox tried',
    explanation: `A program ${verb} ${quote(raw)}${also}: ${rule.what}${outcome}.`,
    ...weigh(rule, errno !== 0),
  };
}

/** Severity, and what to do: freeze where it is grave and has no innocent use, else ask or watch. */
function weigh(primitive: EscapePrimitive, refused: boolean) {
  const severity = refused ? primitive.refused : primitive.worked;
  const grave = severity === 'critical' || severity === 'high';
  return {
    severity,
    confidence: primitive.contain ? 'high' : 'medium',
    recommend: recommendation(primitive.contain && grave, severity),
    dedupeKey: `${primitive.mark}:${refused ? 'refused' : 'worked'}`,
  } as const;
}

function recommendation(contain: boolean, severity: Detection['severity']): Detection['recommend'] {
  if (contain) return { act: 'contain', level: 'L2' };
  if (severity === 'high' || severity === 'medium') return { act: 'approve', level: 'L2' };
  return { act: severity === 'info' ? 'none' : 'watch' };
}
