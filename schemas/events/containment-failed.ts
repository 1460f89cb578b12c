// A level could not be applied or verified: one alert, no loop.
import { event } from '../src/body.ts';
import { ContainmentResult } from '../src/containment.ts';

export const ContainmentFailed = event(
  'containment.failed',
  { result: ContainmentResult },
  { senders: ['responder', 'host'], freeText: [] },
);
