// The agent says what it asked a model.
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const ModelPrompt = event(
  'model.prompt',
  { model: text(128), text: text(262_144) },
  { senders: ['sandbox'], freeText: ['text'] },
);
