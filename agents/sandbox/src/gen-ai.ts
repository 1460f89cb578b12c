// OpenTelemetry's GenAI conventions, their older names, and Claude Code's own events, as observations.
import { type FeedEntry, refusal } from '@sandtrail/kit/feed';
import type { Observation } from '@sandtrail/schemas/observation';
import { type Attributes, textOf } from './otlp-value.ts';

/** One span or log record. */
export interface Told {
  readonly name: string;
  readonly attributes: Attributes;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly failed: boolean;
}

const generating = new Set(['chat', 'text_completion', 'generate_content', 'invoke_agent']);

/**
 * What a span or a log record says. All of these conventions have the status "development", so the
 * names of several releases are read (open-telemetry/semantic-conventions-genai, docs/gen-ai).
 */
export function genAiEntry(told: Told): FeedEntry {
  const { name, attributes } = told;
  const operation = textOf(attributes.get('gen_ai.operation.name'));
  if (operation === 'execute_tool') return toolRun(told);
  const event = name.replace(/^claude_code\./, '');
  if (event === 'tool_result' && attributes.has('tool_name')) return claudeToolResult(told);
  if (event === 'user_prompt' && attributes.has('prompt')) {
    return modelTexts(told, { prompt: textOf(attributes.get('prompt')), output: undefined });
  }
  const isGenerating = operation !== undefined && generating.has(operation);
  if (isGenerating || name.startsWith('gen_ai.')) {
    return modelTexts(told, {
      prompt: firstText(attributes, promptNames) ?? bodyOf(told, /\.(?:user|system)\.message$/),
      output:
        firstText(attributes, outputNames) ?? bodyOf(told, /\.(?:choice|assistant\.message)$/),
    });
  }
  return refusal('unsupported', name === '' ? 'no name' : name);
}

const promptNames = ['gen_ai.input.messages', 'gen_ai.prompt', 'gen_ai.system_instructions'];
const outputNames = ['gen_ai.output.messages', 'gen_ai.completion'];

function toolRun({ attributes, startNs, endNs, failed }: Told): FeedEntry {
  const tool = textOf(attributes.get('gen_ai.tool.name'));
  if (tool === undefined) return refusal('malformed', 'gen_ai.tool.name is missing');
  const callId = textOf(attributes.get('gen_ai.tool.call.id')) ?? `span-${startNs}`;
  const result = textOf(attributes.get('gen_ai.tool.call.result'));
  const input = textOf(attributes.get('gen_ai.tool.call.arguments')) ?? '';
  const agent = agentOf(attributes);
  const call: Observation = {
    ...{ kind: 'tool.call', observedAtNs: `${startNs}`, ...agent },
    ...{ tool, callId, input },
  };
  const isOver = result !== undefined || endNs > startNs || failed;
  const end: Observation = {
    ...{ kind: 'tool.result', observedAtNs: `${endNs}`, ...agent },
    ...{ tool, callId, output: result ?? '', failed: failed || attributes.has('error.type') },
  };
  return { observations: isOver ? [call, end] : [call] };
}

function claudeToolResult({ attributes, endNs }: Told): FeedEntry {
  const said = (name: string) => textOf(attributes.get(name));
  const tool = said('tool_name') ?? '';
  const callId = said('tool_use_id') ?? `${said('prompt.id') ?? 'event'}-${endNs}`;
  const failed = `${attributes.get('success')}` !== 'true';
  // The event comes once the tool has run, and holds its input beside how it ended.
  const common = { observedAtNs: `${endNs}`, ...agentOf(attributes), tool, callId };
  const input = said('tool_input') ?? said('tool_parameters') ?? '';
  return {
    observations: [
      { kind: 'tool.call', ...common, input },
      { kind: 'tool.result', ...common, output: said('error') ?? '', failed },
    ],
  };
}

interface Texts {
  readonly prompt: string | undefined;
  readonly output: string | undefined;
}

function modelTexts({ name, attributes, startNs, endNs }: Told, texts: Texts): FeedEntry {
  const { prompt, output } = texts;
  const agent = agentOf(attributes);
  const model = (agent.agent.model ?? 'unknown').slice(0, 128).toWellFormed();
  const observations: Observation[] = [];
  if (prompt !== undefined) {
    const times = { observedAtNs: `${startNs}` };
    observations.push({ kind: 'model.prompt', ...times, ...agent, model, text: prompt });
  }
  if (output !== undefined) {
    const times = { observedAtNs: `${endNs}` };
    observations.push({ kind: 'model.output', ...times, ...agent, model, text: output });
  }
  // Most instrumentations leave contents out unless they are asked for them.
  return observations.length > 0 ? { observations } : refusal('no_event', `${name}: no contents`);
}

function bodyOf({ name, attributes }: Told, pattern: RegExp): string | undefined {
  return pattern.test(name) ? textOf(attributes.get('body')) : undefined;
}

function agentOf(attributes: Attributes) {
  const said = (...names: readonly string[]) =>
    firstText(attributes, names)?.slice(0, 128).toWellFormed();
  const agent = {
    framework: said('gen_ai.provider.name', 'gen_ai.system', 'service.name')?.slice(0, 64),
    session: said('gen_ai.conversation.id', 'session.id'),
    id: said('gen_ai.agent.id', 'gen_ai.agent.name'),
    model: said('gen_ai.response.model', 'gen_ai.request.model', 'model'),
  };
  const { framework, session, id, model } = agent;
  return {
    agent: {
      ...(framework === undefined ? {} : { framework }),
      ...(session === undefined ? {} : { session }),
      ...(id === undefined ? {} : { id }),
      ...(model === undefined ? {} : { model }),
    },
  };
}

function firstText(attributes: Attributes, names: readonly string[]): string | undefined {
  const name = names.find((each) => attributes.has(each));
  return name === undefined ? undefined : textOf(attributes.get(name));
}
