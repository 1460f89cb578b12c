// The rules of the host's reflex: single-event detectors, on observations, before anything is shipped.
import type { Finding } from '@sandtrail/schemas/finding';
import type { Observation } from '@sandtrail/schemas/observation';
import type { Policy } from '@sandtrail/schemas/policy';
import type { SandboxUid, Trust } from '@sandtrail/schemas/scalars';
import { BoundedMap } from './bounded-map.ts';
import { type Bundle, createBundle } from './bundle.ts';
import type { Act, DetectionEvent } from './detection-event.ts';
import type { ConfiguredDetector, Detection, DetectorRun } from './detector.ts';
import { SandboxFacts } from './sandbox-view.ts';

/** What a single-event rule concluded, as the host's fast path takes it. */
export interface FastFinding {
  readonly detector: string;
  readonly title: string;
  readonly explanation: string;
  readonly severity: Finding['severity'];
  readonly recommend: Finding['recommend'];
  readonly dedupeKey: string;
}

/** What the rules must know of a sandbox; the host's own record of it fits. */
export interface FastSubject {
  readonly uid: SandboxUid;
  readonly incarnation: number;
  readonly policy: Policy;
  readonly workspace: string;
}

/** Judges one observation; cheap, and never throws. The gravest conclusion, or undefined. */
export type FastRules = (
  observation: Observation,
  about: { readonly sandbox: FastSubject; readonly trust: Trust },
) => FastFinding | undefined;

interface Watcher {
  readonly configured: ConfiguredDetector;
  readonly run: DetectorRun;
}

interface Watched {
  readonly facts: SandboxFacts;
  readonly byKind: ReadonlyMap<string, readonly Watcher[]>;
}

const sandboxesMax = 1024;
const order: readonly Finding['severity'][] = ['info', 'low', 'medium', 'high', 'critical'];

/**
 * The single-event detectors of the bundle as one function over observations of any sandbox. It
 * remembers per sandbox only what these detectors need (links, directories, names), bounded.
 */
export function createFastRules({ bundle = createBundle() }: { bundle?: Bundle } = {}): FastRules {
  const single = bundle.detectors.filter(({ detector }) => detector.scope === 'single');
  const watched = new BoundedMap<Watched>(sandboxesMax);
  return (observation, { sandbox, trust }) => {
    const key = `${sandbox.uid}/${sandbox.incarnation}`;
    let watch = watched.get(key);
    if (watch === undefined) {
      watch = startWatch(single, sandbox);
      watched.set(key, watch);
    }
    const event = seenAs(observation, trust);
    const found = judge(event, watch);
    watch.facts.note(event);
    if (observation.kind === 'sandbox.destroyed') watched.delete(key);
    return found;
  };
}

function startWatch(single: readonly ConfiguredDetector[], sandbox: FastSubject): Watched {
  const facts = new SandboxFacts();
  facts.lieAt(sandbox.workspace);
  facts.declare(sandbox.policy);
  const byKind = new Map<string, Watcher[]>();
  for (const configured of single) {
    const watcher = { configured, run: configured.start() };
    for (const kind of configured.detector.kinds)
      byKind.set(kind, [...(byKind.get(kind) ?? []), watcher]);
  }
  return { facts, byKind };
}

function judge(event: DetectionEvent, { facts, byKind }: Watched): FastFinding | undefined {
  let gravest: FastFinding | undefined;
  for (const { configured, run } of byKind.get(event.act.kind) ?? []) {
    const { name, sparesLauncher } = configured.detector;
    if (sparesLauncher === true && !facts.programSeen && isLauncher(event.act)) continue;
    run.step(event, facts, (detection) => {
      const found = fastFinding(name, detection);
      if (gravest === undefined || rank(found) > rank(gravest)) gravest = found;
    });
  }
  return gravest;
}

/** Before the agent's first program, bubblewrap's own calls; the log decides on the rest by its times. */
function isLauncher({ process }: Act): boolean {
  return /^(?:bwrap|setpriv|sh|dash|unshare|setsid|strace)$/.test(process?.comm ?? '');
}

function fastFinding(detector: string, detection: Detection): FastFinding {
  const { title, explanation, severity, recommend, dedupeKey } = detection;
  return { detector, title, explanation, severity, recommend, dedupeKey };
}

/** Acting outranks severity: the fast path is there to act. */
function rank({ severity, recommend }: FastFinding): number {
  return order.indexOf(severity) + (recommend.act === 'contain' ? order.length : 0);
}

function seenAs(observation: Observation, trust: Trust): DetectionEvent {
  return {
    timeNs: BigInt(observation.observedAtNs),
    trust,
    act: observation,
    stream: undefined,
    missing: 0n,
    evidence: () => {
      throw new Error('single-event rules cite no evidence');
    },
  };
}
