// API Activity (6003): what agents and shells asked for: tools, models, commands; and what the gateway refused.
import type { JsonObject } from '../json.ts';
import { type MappersOf, ownFields } from './mapped.ts';
import { sandboxEndpoint } from './objects.ts';

const sandtrail = { name: 'Sandtrail' } as const;

/** The model by name; who serves it is not known here. */
function modelOf(name: string): JsonObject {
  return { name, ai_provider: 'unknown' };
}

/** The kinds of this family. */
export const agentMappers: MappersOf<
  | 'tool.call'
  | 'tool.result'
  | 'model.prompt'
  | 'model.output'
  | 'agent.message'
  | 'command'
  | 'command.output'
  | 'control.refused'
> = {
  'tool.call'(body, header) {
    const { tool, server, callId, input, ...unmapped } = ownFields(body);
    const service = server === undefined ? undefined : { name: server };
    const request = { uid: callId, data: input };
    return {
      class: 'api_activity',
      activity: 'Call',
      subject: tool,
      fields: {
        src_endpoint: sandboxEndpoint(header),
        api: { operation: tool, service, request },
      },
      unmapped,
    };
  },
  'tool.result'(body, header) {
    const { tool, callId, output, ...unmapped } = ownFields(body);
    return {
      class: 'api_activity',
      activity: 'Result',
      failed: body.failed,
      subject: tool,
      fields: {
        src_endpoint: sandboxEndpoint(header),
        api: { operation: tool, request: { uid: callId }, response: { data: output } },
      },
      unmapped,
    };
  },
  'model.prompt'(body, header) {
    const { model, text, ...unmapped } = ownFields(body);
    return {
      class: 'api_activity',
      activity: 'Prompt',
      subject: model,
      fields: {
        src_endpoint: sandboxEndpoint(header),
        ai_model: modelOf(model),
        api: {
          operation: 'model.prompt',
          request: { uid: `${body.stream}/${body.seq}`, data: text },
        },
      },
      unmapped,
    };
  },
  'model.output'(body, header) {
    const { model, text, ...unmapped } = ownFields(body);
    return {
      class: 'api_activity',
      activity: 'Output',
      subject: model,
      fields: {
        src_endpoint: sandboxEndpoint(header),
        ai_model: modelOf(model),
        api: { operation: 'model.output', response: { data: text } },
      },
      unmapped,
    };
  },
  'agent.message'(body, header) {
    const { peer, text, ...unmapped } = ownFields(body);
    const isSent = body.direction === 'sent';
    const [src, dst] = [sandboxEndpoint(header), { name: peer }];
    const request = { uid: `${body.stream}/${body.seq}`, data: text };
    return {
      class: 'api_activity',
      activity: isSent ? 'Send' : 'Receive',
      subject: peer,
      fields: {
        src_endpoint: isSent ? src : dst,
        dst_endpoint: isSent ? dst : src,
        api: { operation: 'agent.message', request },
      },
      unmapped,
    };
  },
  command(body, header) {
    const { argv, exitCode, durationMs, ...unmapped } = ownFields(body);
    return {
      class: 'api_activity',
      activity: body.phase === 'started' ? 'Start' : 'Finish',
      failed: exitCode !== undefined && exitCode !== 0,
      subject: argv.join(' '),
      fields: {
        src_endpoint: sandboxEndpoint(header),
        api: {
          operation: 'command',
          request: { uid: `${body.stream}/${body.seq}`, data: { argv } },
          response: exitCode === undefined ? undefined : { code: exitCode },
        },
        duration: durationMs,
      },
      unmapped,
    };
  },
  'command.output'(body, header) {
    const { channel, text, ...unmapped } = ownFields(body);
    return {
      class: 'api_activity',
      activity: 'Output',
      subject: channel,
      fields: {
        src_endpoint: sandboxEndpoint(header),
        api: { operation: 'command.output', response: { data: text, flags: [channel] } },
      },
      unmapped,
    };
  },
  'control.refused'(body, header) {
    const { code, count, ...unmapped } = ownFields(body);
    return {
      class: 'api_activity',
      activity: 'Ingest',
      failed: true,
      subject: code,
      fields: {
        src_endpoint: sandboxEndpoint(header),
        api: { operation: 'ingest', service: sandtrail, response: { error: code } },
        ...{ status_code: code, count },
      },
      unmapped,
    };
  },
};
