// One line from inside a sandbox: a counter, a kind and its fields. Everything in it is a claim.
import { isUtf8 } from 'node:buffer';
import type { ErrorCode } from '@sandtrail/schemas/errors';
import { AgentMessage } from '@sandtrail/schemas/events/agent-message';
import { Command } from '@sandtrail/schemas/events/command';
import { CommandOutput } from '@sandtrail/schemas/events/command-output';
import { ModelOutput } from '@sandtrail/schemas/events/model-output';
import { ModelPrompt } from '@sandtrail/schemas/events/model-prompt';
import { ToolCall } from '@sandtrail/schemas/events/tool-call';
import { ToolResult } from '@sandtrail/schemas/events/tool-result';
import type { Observation } from '@sandtrail/schemas/observation';
import * as z from 'zod';

const kitFields = { v: true, stream: true, seq: true, redactions: true } as const;

/** What a sender inside a sandbox may say: the kinds whose `senders` name `sandbox`. */
export const SenderObservation = z.discriminatedUnion('kind', [
  AgentMessage.omit(kitFields),
  Command.omit(kitFields),
  CommandOutput.omit(kitFields),
  ModelOutput.omit(kitFields),
  ModelPrompt.omit(kitFields),
  ToolCall.omit(kitFields),
  ToolResult.omit(kitFields),
]);

const kinds: ReadonlySet<string> = new Set(
  SenderObservation.options.flatMap((option) => [...option.shape.kind.def.values]),
);

const Envelope = z.looseObject({
  n: z.int().min(0),
  kind: z.string().max(64),
  /** A sender may say where it believes to be; another sandbox's name is a claim. */
  sandbox: z.string().max(128).optional(),
  observedAtNs: z.string().optional(),
});

/** A line that may go on to the kit. */
export interface SenderLine {
  readonly ok: true;
  readonly n: number;
  readonly observation: Observation;
}

/** A line that may not. */
export interface RefusedLine {
  readonly ok: false;
  readonly n?: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly claimed?: { readonly kind: string; readonly sandbox?: string | undefined };
}

interface LineContext {
  /** The sandbox whose socket it came by. */
  readonly uid: string;
  /** When it came, for lines that do not say when they observed. */
  readonly receivedAtNs: bigint;
}

/** Reads a line; refuses with `LINE_MALFORMED`, `CLAIM_OUTSIDE_GRANT`, `KIND_NOT_GRANTED`, `BODY_INVALID`. */
export function readSenderLine(line: Buffer, context: LineContext): SenderLine | RefusedLine {
  const envelope = Envelope.safeParse(jsonOf(line));
  if (!envelope.success) return { ok: false, code: 'LINE_MALFORMED', detail: 'n, kind' };
  const { n, sandbox, ...fields } = envelope.data;
  const { kind } = fields;
  if (sandbox !== undefined && sandbox !== context.uid) {
    const detail = 'this socket is of another sandbox';
    return { ok: false, n, code: 'CLAIM_OUTSIDE_GRANT', detail, claimed: { kind, sandbox } };
  }
  if (!kinds.has(kind)) {
    return { ok: false, n, code: 'KIND_NOT_GRANTED', detail: 'kind', claimed: { kind } };
  }
  const observedAtNs = fields.observedAtNs ?? `${context.receivedAtNs}`;
  const observation: unknown = { ...fields, observedAtNs };
  const fault = faultOf(observation);
  if (!isFaultless(observation, fault)) {
    return { ok: false, n, code: 'BODY_INVALID', detail: `${fault}`.slice(0, 300) };
  }
  return { ok: true, n, observation };
}

/** What does not fit, in words. Text over its bound fits: the kit cuts it and keeps its hash. */
function faultOf(observation: unknown): string | undefined {
  const { error } = SenderObservation.safeParse(observation);
  const issue = error?.issues.find(({ code, ...rest }) => {
    return code !== 'too_big' || !('origin' in rest) || rest.origin !== 'string';
  });
  if (issue !== undefined) return `${issue.path.join('.')}: ${issue.message}`;
  return isWellFormed(observation) ? undefined : 'a string holds a lone surrogate';
}

/** Narrows what `faultOf` found nothing in. */
function isFaultless(_value: unknown, fault: string | undefined): _value is Observation {
  return fault === undefined;
}

function jsonOf(line: Buffer): unknown {
  if (!isUtf8(line)) return undefined;
  try {
    return JSON.parse(line.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** True when no string in a value that its schema has bounded in depth has a lone surrogate. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(isWellFormed);
}
