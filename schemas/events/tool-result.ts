// The agent says what a tool returned.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const ToolResult = event(
  'tool.result',
  { tool: text(256), callId: text(128), output: text(65_536), failed: z.boolean() },
  { senders: ['sandbox'], freeText: ['output'] },
);
