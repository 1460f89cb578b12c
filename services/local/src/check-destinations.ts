// The doctor's word on each destination: how it stands in the running product, or that none runs.
import { type Check, missing, reasonOf, works } from '@sandtrail/host/doctor/check';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { callAdmin } from './admin-client.ts';
import {
  type DestinationState,
  destinationLine,
  destinationTotal,
  ForwardStatus,
} from './forward-status.ts';
import { layoutOf } from './layout.ts';
import { effectiveConfiguration } from './up.ts';

/** One check for each configured destination; none where none is configured. Never rejects. */
export async function checkDestinations(data: string): Promise<readonly Check[]> {
  const layout = layoutOf(data);
  try {
    const names = Object.keys(effectiveConfiguration(layout).destinations);
    if (names.length === 0) return [];
    const call = { socket: layout.adminSocket, method: 'GET', path: '/v1/forward' } as const;
    const answer = await callAdmin(call).catch((error: unknown) => {
      if (error instanceof SandtrailError && error.code === 'NOT_RUNNING') return undefined;
      throw error;
    });
    if (answer === undefined) return names.map(notRunning);
    return ForwardStatus.parse(answer).map(checkOf);
  } catch (error) {
    const remedy = 'sandtrail up --print-config';
    return [missing('destinations', { why: reasonOf(error), remedy })];
  }
}

function notRunning(name: string): Check {
  const why = 'the product does not run';
  return missing(`to ${name}`, { why, remedy: 'sandtrail up' });
}

function checkOf(destination: DestinationState): Check {
  const { name } = destination;
  const { state, failure, dead } = destinationTotal(destination);
  const line = destinationLine(destination);
  if (state === 'flowing' && dead === 0) return works(`to ${name}`, line);
  const isOff = state === 'open' || state === 'failed' || state === 'blocked';
  const blind = isOff ? [`what happens is not told to ${name} meanwhile (it is kept)`] : [];
  const remedy = dead > 0 ? `sandtrail forward replay ${name}` : `sandtrail forward test ${name}`;
  const why = failure ?? (dead > 0 ? `${dead} events were refused` : 'it has just begun');
  return { name: `to ${name}`, state: isOff ? 'off' : 'degraded', mode: line, blind, why, remedy };
}
