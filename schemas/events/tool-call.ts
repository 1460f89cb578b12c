// The agent says that it calls a tool.
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const ToolCall = event(
  'tool.call',
  { tool: text(256), server: text(256).optional(), callId: text(128), input: text(65_536) },
  { senders: ['sandbox'], freeText: ['input'] },
);
