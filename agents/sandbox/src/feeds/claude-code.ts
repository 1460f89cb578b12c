// Claude Code: what its hooks are given on standard input, and what it exports by OpenTelemetry.
import { type Feed, type FeedEntry, jsonOfLine, refusal } from '@sandtrail/kit/feed';
import type { Observation } from '@sandtrail/schemas/observation';
import * as z from 'zod';
import { textOf } from '../otlp-value.ts';
import { readOtlp } from './otlp.ts';

/** What all hooks have, and what the ones that are recorded have beside (Claude Code, "Hooks reference"). */
const Hook = z.looseObject({
  hook_event_name: z.string().max(64),
  session_id: z.string().optional(),
  agent_id: z.string().optional(),
  tool_name: z.string().optional(),
  tool_use_id: z.string().optional(),
  tool_input: z.unknown().optional(),
  tool_response: z.unknown().optional(),
  error: z.string().optional(),
  prompt: z.string().optional(),
  model: z.string().optional(),
  last_assistant_message: z.string().optional(),
});
type Hook = z.infer<typeof Hook>;

/** Claude Code's word on itself: a claim. Hooks can be absent, and say nothing of what a tool really did. */
export const claudeCodeFeed: Feed = {
  name: 'claude-code',
  blindSpots: [
    'what runs without a hook: hooks can be switched off, and some releases skip them for sub-agents',
    'what a tool really did: hooks tell what was asked and what came back',
  ],
  read(line, nowNs) {
    const json = jsonOfLine(line);
    if ('bad' in json) return [json.bad];
    const isOtlp = z.union([
      z.looseObject({ resourceLogs: z.unknown().refine(isThere) }),
      z.looseObject({ resourceSpans: z.unknown().refine(isThere) }),
    ]);
    if (isOtlp.safeParse(json.value).success) return readOtlp(json.value, nowNs);
    return [readHook(json.value, nowNs)];
  },
};

function isThere(value: unknown): boolean {
  return value !== undefined;
}

/** One hook's input. */
export function readHook(value: unknown, nowNs: bigint): FeedEntry {
  const parsed = Hook.safeParse(value);
  if (!parsed.success) return refusal('malformed', z.prettifyError(parsed.error));
  const hook = parsed.data;
  const common = { observedAtNs: `${nowNs}`, agent: agentOf(hook) };
  switch (hook.hook_event_name) {
    case 'PreToolUse':
    case 'PostToolUse':
    case 'PostToolUseFailure':
      return toolEntry(hook, common);
    case 'UserPromptSubmit':
      return hook.prompt === undefined
        ? refusal('malformed', 'a prompt without text')
        : said({ kind: 'model.prompt', ...common, model: modelOf(hook), text: hook.prompt });
    case 'Stop':
    case 'SubagentStop':
      return hook.last_assistant_message === undefined
        ? refusal('no_event', hook.hook_event_name)
        : said({
            ...{ kind: 'model.output', ...common },
            ...{ model: modelOf(hook), text: hook.last_assistant_message },
          });
    default:
      return refusal('unsupported', hook.hook_event_name);
  }
}

function toolEntry(hook: Hook, common: Pick<Observation, 'observedAtNs' | 'agent'>): FeedEntry {
  const { tool_name: tool, session_id: session } = hook;
  if (tool === undefined) return refusal('malformed', 'tool_name is missing');
  const callId = (hook.tool_use_id ?? `${session ?? 'session'}-${common.observedAtNs}`).slice(
    0,
    128,
  );
  const about = { ...common, tool, callId: callId.toWellFormed() };
  if (hook.hook_event_name === 'PreToolUse') {
    // `mcp__SERVER__TOOL` is how Claude Code names a tool of an MCP server.
    const server = /^mcp__(.+?)__/.exec(tool)?.[1];
    const of = server === undefined ? {} : { server };
    return said({ kind: 'tool.call', ...about, ...of, input: textOf(hook.tool_input) ?? '' });
  }
  const failed = hook.hook_event_name === 'PostToolUseFailure';
  const output = (failed ? hook.error : textOf(hook.tool_response)) ?? '';
  return said({ kind: 'tool.result', ...about, output, failed });
}

function agentOf({ session_id: session, agent_id: id }: Hook) {
  return {
    framework: 'claude-code',
    ...(session === undefined ? {} : { session: session.slice(0, 128).toWellFormed() }),
    ...(id === undefined ? {} : { id: id.slice(0, 128).toWellFormed() }),
  };
}

function modelOf({ model }: Hook): string {
  return (model ?? 'unknown').slice(0, 128).toWellFormed();
}

function said(observation: Observation): FeedEntry {
  return { observations: [observation] };
}
