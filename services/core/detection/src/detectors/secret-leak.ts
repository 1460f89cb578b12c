// Detects secrets where they must not be; it reads what redaction masked and never scans again.
import type { Redaction } from '@sandtrail/schemas/body';
import { isWitnessed } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import type { Act, DetectionEvent } from '../detection-event.ts';
import { type Detection, defineDetector } from '../detector.ts';
import { secretLeakExamples } from '../examples/secret-leak.ts';
import { quote } from '../quote.ts';

const Config = z.strictObject({
  /** The same secret in the same kind of place again within this time is one finding. */
  repeatMs: z.int().min(0).default(600_000),
  /** Rules that guess from context, such as a variable's name: too unsure to alert from a file. */
  guessingRules: z
    .array(z.string())
    .default(['secret-assignment', 'password-assignment', 'password-option', 'url-password']),
});
type Config = z.infer<typeof Config>;

type Found = Omit<Detection, 'windowMs'>;

interface Place {
  readonly words: string;
  /** It leaves the sandbox, or tries to. */
  readonly leaves: boolean;
  readonly severity: Detection['severity'];
}

/** Unsecured credentials (T1552) in output, files, arguments and traffic; exfiltration of them (T1567). */
export const secretLeak = defineDetector({
  name: 'secret-leak',
  version: 1,
  techniques: [
    { framework: 'attack', id: 'T1552.001' },
    { framework: 'attack', id: 'T1567' },
  ],
  kinds: [
    'agent.message',
    'command',
    'command.output',
    'file.write',
    'model.output',
    'model.prompt',
    'network.denied',
    'network.dns',
    'network.http',
    'process.exec',
    'sandbox.started',
    'tool.call',
    'tool.result',
  ],
  scope: 'single',
  config: Config,
  start: (config) => ({
    step(event, _sandbox, emit) {
      for (const redaction of redactionsOf(event.act)) {
        emit({ ...judge(event, { redaction, config }), windowMs: config.repeatMs });
      }
    },
  }),
  examples: secretLeakExamples,
});

function redactionsOf(act: Act): readonly Redaction[] {
  return 'redactions' in act ? (act.redactions ?? []) : [];
}

/** Where each kind puts what it carries; text that goes to a model or a peer leaves the sandbox too. */
function placeOf(act: Act): Place {
  switch (act.kind) {
    case 'network.http':
    case 'network.dns':
      return { words: 'in traffic that left', leaves: true, severity: 'high' };
    case 'network.denied':
      return { words: 'in traffic that was stopped', leaves: true, severity: 'high' };
    case 'command.output':
      return { words: 'in the output of a command', leaves: false, severity: 'high' };
    case 'file.write':
      return placeOfFile(act.path.raw);
    case 'model.prompt':
    case 'agent.message':
      return { words: 'in a message to a model or an agent', leaves: true, severity: 'medium' };
    case 'tool.call':
    case 'tool.result':
    case 'model.output':
      return { words: 'in what the agent reported', leaves: false, severity: 'medium' };
    default:
      return { words: 'in the arguments of a program', leaves: false, severity: 'medium' };
  }
}

/** Packages bring their authors' addresses and test keys; they are not this sandbox's secrets. */
const packaged =
  /\/(?:site-packages|dist-packages|node_modules|vendor|\.cargo|go\/pkg\/mod|\.npm|\.cache)\//;

function placeOfFile(path: string): Place {
  const severity = packaged.test(path) ? 'low' : 'medium';
  return { words: 'in a file of the workspace', leaves: false, severity };
}

function judge(
  { act, trust }: DetectionEvent,
  { redaction, config }: { readonly redaction: Redaction; readonly config: Config },
): Found {
  const place = placeOf(act);
  const { rule, masked, length } = redaction;
  const guessed = redaction.class === 'secret' && config.guessingRules.includes(rule);
  const words = `${classWords[redaction.class]} of ${length} characters (${quote(rule)}, ${quote(masked)}) stood ${place.words}`;
  // Which person's data it is matters little; that there is some is said once for each place.
  const what =
    redaction.class === 'pii' || guessed ? rule : (redaction.fingerprint ?? `${rule}:${masked}`);
  const severity = severityOf(redaction.class, place);
  return {
    title: titleOf(redaction.class),
    explanation: `${words}${file(act)}.`,
    severity: guessed ? guessedSeverity(severity) : severity,
    confidence: confidenceOf(redaction.class, guessed),
    recommend: recommend(redaction.class, { leaves: place.leaves && isWitnessed(trust) }),
    dedupeKey: `${redaction.class}:${what}:${act.kind}`,
  };
}

function guessedSeverity(severity: Detection['severity']): Detection['severity'] {
  return severity === 'high' ? 'medium' : 'low';
}

function confidenceOf(kind: Redaction['class'], guessed: boolean): Detection['confidence'] {
  if (kind === 'issued' || kind === 'canary') return 'high';
  return guessed ? 'low' : 'medium';
}

const classWords = {
  secret: 'What looks like a secret',
  pii: 'Personal data',
  issued: 'A credential issued to this sandbox',
  canary: 'A canary',
} as const;

function titleOf(kind: Redaction['class']): string {
  if (kind === 'canary') return 'Canary touched';
  if (kind === 'issued') return 'Issued credential exposed';
  return kind === 'pii' ? 'Personal data exposed' : 'Secret exposed';
}

function severityOf(kind: Redaction['class'], place: Place): Detection['severity'] {
  if (kind === 'canary' || kind === 'issued') return 'critical';
  if (kind === 'pii') return place.leaves ? 'low' : 'info';
  return place.severity;
}

/** Only an exact match (issued, canary) that leaves is sure enough to act without a person. */
function recommend(
  kind: Redaction['class'],
  { leaves }: { readonly leaves: boolean },
): Detection['recommend'] {
  if (kind === 'pii') return { act: 'watch' };
  if (kind === 'secret') return leaves ? { act: 'approve', level: 'L1' } : { act: 'watch' };
  return leaves ? { act: 'contain', level: 'L2' } : { act: 'approve', level: 'L2' };
}

function file(act: Act): string {
  return act.kind === 'file.write' ? `, ${quote(act.path.raw)}` : '';
}
