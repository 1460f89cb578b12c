// Rules over a file: events as lines of JSON in, findings out; what does not fit is said, never fatal.
import { eventMeta } from '@sandtrail/schemas/body';
import { type ParsedEvent, parseEventLine } from '@sandtrail/schemas/event-line';
import { Body } from '@sandtrail/schemas/events';
import type { Finding } from '@sandtrail/schemas/finding';
import { headerFields } from '@sandtrail/schemas/header';
import { Policy } from '@sandtrail/schemas/policy';
import { StreamId } from '@sandtrail/schemas/stream';
import { partitionCount, topicOf } from '@sandtrail/schemas/topics';
import * as z from 'zod';
import { type Bundle, createBundle } from './bundle.ts';
import type { EngineCounts } from './engine.ts';
import type { EngineEvent } from './engine-event.ts';
import { createMergedEngine } from './merged-engine.ts';

/** What one line gave. */
export type LineOutcome =
  | { readonly type: 'findings'; readonly findings: readonly Finding[] }
  | { readonly type: 'malformed'; readonly line: number; readonly message: string };

/** A file under judgement, line by line. */
export interface LineDetection {
  /** Judges the next line; an empty one counts but is no event. */
  line(text: string): LineOutcome;
  /** Lines so far, malformed ones among them, and what the engine did. */
  counts(): EngineCounts & { readonly lines: number; readonly malformed: number };
}

interface LineDetectionOptions {
  readonly bundle?: Bundle;
  /** Judges every sandbox by this policy, whatever the events say. */
  readonly policy?: Policy;
}

const lineSizeMax = 4 * 1024 * 1024;

/**
 * Judges events as `sandtrail query --json` prints them: header and body fields in one object. Lines
 * of other tools may leave out what only Sandtrail knows: `v`, `stream` and `seq` are then numbered
 * by line, `sandbox` is `unknown-sandbox`, the time is that of the line before plus 1 ms, and `trust`
 * is `host` for kinds that only hosts may send and `sandbox` for the rest. A `policy` beside any kind
 * is in force for its sandbox from that line on.
 */
export function detectLines({ bundle, policy }: LineDetectionOptions = {}): LineDetection {
  const engine = createMergedEngine({
    partitions: partitionCount.events,
    bundle: bundle ?? createBundle(),
    ...(policy === undefined ? {} : { policy }),
  });
  const defaults = new LineDefaults();
  let [lines, malformed] = [0, 0];
  return {
    line(text) {
      lines += 1;
      if (text.trim() === '') return { type: 'findings', findings: [] };
      const event = readLine(text, defaults);
      if (typeof event !== 'string') {
        // Findings and containment have topics of their own: the live detector never sees them.
        const isJudged = topicOf(event.body.kind) === 'events';
        return { type: 'findings', findings: isJudged ? engine.step(event) : [] };
      }
      malformed += 1;
      return { type: 'malformed', line: lines, message: event };
    },
    counts: () => ({ ...engine.counts(), lines, malformed }),
  };
}

type Flat = Record<string, unknown>;

function readLine(text: string, defaults: LineDefaults): EngineEvent | string {
  if (text.length > lineSizeMax) return `longer than ${lineSizeMax} characters`;
  const flat = parseObject(text);
  if (typeof flat === 'string') return flat;
  try {
    if (defaults.isComplete(flat)) return parseEventLine(text);
    const { policy, ...rest } = flat;
    const own = flat['kind'] === 'sandbox.created' || policy === undefined;
    const event = parseEventLine(JSON.stringify(defaults.fill(own ? flat : rest)));
    defaults.took(event);
    return own ? event : { ...event, policy: Policy.parse(policy) };
  } catch (error) {
    if (error instanceof z.ZodError) return firstIssue(error);
    throw error;
  }
}

function parseObject(text: string): Flat | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  const flat = z.record(z.string(), z.unknown()).safeParse(value);
  return flat.success ? flat.data : 'not an object';
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'not an event';
  const field = issue.path.map(String).join('.');
  return `${field === '' ? 'the event' : field}: ${issue.message}`.slice(0, 300);
}

/** Kinds that no sender inside a sandbox may send: their lines count as witnessed. */
const hostKinds = new Set(
  Body.options
    .filter((option) => eventMeta.get(option)?.senders.includes('sandbox') !== true)
    .map(({ shape }) => shape.kind.value)
    .map(String),
);

const stepNs = 1_000_000n;
const startNs = 1_000_000_000_000_000_000n;
const streamsMax = 4096;

/** Fills in what a line of another tool leaves out, the same for the same lines. */
class LineDefaults {
  #timeNs = startNs;
  readonly #next = new Map<string, bigint>();

  /** True when nothing has to be filled in. */
  isComplete(flat: Flat): boolean {
    const stray = 'policy' in flat && flat['kind'] !== 'sandbox.created';
    return (
      !stray &&
      [...headerFields, 'v', 'stream', 'seq', 'observedAtNs'].every((name) => name in flat)
    );
  }

  fill(flat: Flat): Flat {
    const observed = flat['observedAtNs'] ?? flat['timeNs'] ?? `${this.#timeNs + stepNs}`;
    const [, , , streamSandbox, streamLife] = StreamId.safeParse(flat['stream']).success
      ? `${flat['stream']}`.split(':').slice(0, 5)
      : [];
    const sandbox = flat['sandbox'] ?? streamSandbox ?? 'unknown-sandbox';
    const incarnation = flat['incarnation'] ?? Number(streamLife ?? 0);
    const stream = flat['stream'] ?? `line:file:0:${sandbox}:${incarnation}`;
    return {
      tenant: 'file',
      sandbox,
      incarnation,
      trust: hostKinds.has(`${flat['kind']}`) ? 'host' : 'sandbox',
      credential: 'file',
      receivedAtNs: observed,
      timeNs: observed,
      admission: 'backfill',
      ...flat,
      v: flat['v'] ?? 1,
      stream,
      seq: flat['seq'] ?? `${this.#next.get(`${stream}`) ?? 0n}`,
      observedAtNs: observed,
    };
  }

  took({ header, body }: ParsedEvent): void {
    if (header.timeNs > this.#timeNs) this.#timeNs = header.timeNs;
    if (this.#next.size >= streamsMax) this.#next.clear();
    this.#next.set(body.stream, body.seq + 1n);
  }
}
