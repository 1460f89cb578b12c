// Time passes: written to each partition of the events topic every 5 s, so that silence can be seen.
import { event } from '../src/body.ts';

export const ControlTick = event('control.tick', {}, { senders: ['gateway'], freeText: [] });
