// The judging half of the core: the detector in its worker, and the responder that acts on findings.
import type { Bus } from '@sandtrail/bus/bus';
import { patiently } from '@sandtrail/bus/follow';
import { placesOf } from '@sandtrail/bus/places';
import { createBundle } from '@sandtrail/detection/bundle';
import { startDetector } from '@sandtrail/detector/detector';
import { connectResponder } from '@sandtrail/host/control/responder';
import { type Responder, startResponder } from '@sandtrail/responder/responder';
import { schedulerOf } from '@sandtrail/responder/scheduler';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { partitionCount } from '@sandtrail/schemas/topics';
import type { OpenedStore } from '@sandtrail/store/open-store';
import { keyFilesOf, readPrivateKey } from '../keys.ts';
import { followPolicies } from '../policies.ts';
import type { ProcessSurroundings, Running } from '../role.ts';
import type { SelfObservation } from '../self-observation.ts';
import type { RecordService } from '../service-records.ts';
import { spannedBus } from '../spanned.ts';

interface JudgementParts {
  readonly bus: Bus;
  readonly store: OpenedStore;
  readonly record: RecordService;
  readonly observed: SelfObservation;
}

const findings = { topic: 'findings', partition: 0 } as const;

/** Starts both; the responder first, so that no finding goes unanswered. */
export async function startJudgement(
  surroundings: ProcessSurroundings,
  { bus, store, record, observed }: JudgementParts,
): Promise<Running & { readonly responder: Responder }> {
  const { layout, configuration, clock, random, counters, log, spans } = surroundings;
  const stopping = new AbortController();
  const closing = new AbortController();
  const spanned = spannedBus(bus, spans);
  const places = placesOf(partitionCount).filter(({ topic }) => topic === 'events');
  const policies = await followPolicies({ bus, places, store, signal: stopping.signal });
  const scheduler = schedulerOf(async (signed, onResult) => {
    const connection = await connectResponder(layout.hostSocket);
    try {
      await connection.contain(signed, onResult);
    } finally {
      connection.close();
    }
  });
  const responder = await startResponder({
    scheduler,
    reader: bus,
    async record(observation, sandbox, incarnation) {
      await record({ sandbox, incarnation }, observation);
    },
    responsesOf: (subject) => policies.responsesOf(subject),
    privateKey: readPrivateKey(keyFilesOf(layout).responderPrivate),
    clock,
    random,
    counters,
    log: log.child('responder'),
    spans,
    limits: {
      approvalMs: configuration.approvalMsMax,
      automaticActsMax: configuration.automaticActsMax,
    },
  });
  const bundle = createBundle().digest;
  const partitions = places.map(({ partition }) => partition);
  const detector = startDetector({
    source: bus.source,
    partitions,
    append: async (frames) => {
      // The same bytes until the log answers: a restart of the worker would take seconds.
      const first = await patiently(closing.signal, () => spanned.append(findings, frames));
      if (first === undefined) throw new SandtrailError('BUS_UNAVAILABLE', { detail: 'findings' });
    },
    load: async () => {
      const saved = await Promise.all(partitions.map((each) => store.snapshot(each, bundle)));
      return saved
        .filter((each) => each !== undefined)
        .map(({ blob, ...rest }) => ({ ...rest, state: blob.toString('utf8') }));
    },
    save: ({ state, ...rest }) => store.saveSnapshot({ ...rest, blob: Buffer.from(state) }),
    log: log.child('detector'),
    spans,
    onFound: (found) => observed.onFound(found),
    counters,
  });
  return {
    responder,
    async close() {
      closing.abort();
      await detector.stop();
      await responder.close();
      stopping.abort();
      await policies.ended;
    },
  };
}
