// The console in the core's process: over its log, its store and its responder.
import path from 'node:path';
import type { LogReader, Place } from '@sandtrail/bus/bus';
import { type Console, startConsole } from '@sandtrail/console/console';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Sealer } from '@sandtrail/sealer/sealer';
import type { OpenedStore } from '@sandtrail/store/open-store';
import { trustedKeys } from '../notes.ts';
import type { Mask, PeopleActs } from '../people-acts.ts';
import type { ProcessSurroundings } from '../role.ts';
import { controlPlane, type RecordService } from '../service-records.ts';

interface WebConsoleParts {
  readonly logName: string;
  readonly bus: LogReader;
  readonly places: readonly Place[];
  readonly store: OpenedStore;
  readonly sealer: Sealer;
  readonly people: PeopleActs;
  readonly record: RecordService;
  readonly mask: Mask;
}

const pagesDir = path.resolve(import.meta.dirname, '../../../../dashboards/soc/dist');

/**
 * Starts it, unless it is off. A port that somebody else has must not keep the recorder from
 * recording: the console is then missing, the log says so, and so does `sandtrail console`.
 */
export async function startWebConsole(
  surroundings: ProcessSurroundings,
  { record, sealer, people, ...parts }: WebConsoleParts,
): Promise<Console | undefined> {
  const { configuration, clock, random, counters } = surroundings;
  const { console: config, tenant, node, headFile } = configuration;
  if (config === 'off') return undefined;
  const log = surroundings.log.child('console');
  try {
    const web = await startConsole({
      ...{ config, pagesDir, tenant, node, headFile, clock, random, counters, log },
      ...parts,
      containment: people,
      sealing: () => sealer.status(),
      metrics: () => surroundings.metrics(),
      keys: trustedKeys(surroundings.layout),
      record: (observation) => record(controlPlane, observation),
    });
    log.info('the console serves', { url: web.url });
    return web;
  } catch (error) {
    if (!(error instanceof SandtrailError) || error.code !== 'LISTEN_REFUSED') throw error;
    counters.add('console.not_served');
    log.error('the console cannot listen and is not served', { detail: error.detail });
    return undefined;
  }
}
