// The agent says that it sent a message to another agent, or got one.
import * as z from 'zod';
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const AgentMessage = event(
  'agent.message',
  { direction: z.enum(['sent', 'received']), peer: text(128), text: text(65_536) },
  { senders: ['sandbox'], freeText: ['text'] },
);
