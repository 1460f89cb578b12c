// The agent says what a model answered.
import { event } from '../src/body.ts';
import { text } from '../src/scalars.ts';

export const ModelOutput = event(
  'model.output',
  { model: text(128), text: text(262_144) },
  { senders: ['sandbox'], freeText: ['text'] },
);
