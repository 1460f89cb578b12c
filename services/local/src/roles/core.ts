// The core's process: gateway, bus, sealer, detector, responder and the admin socket, composed.
import type { Bus } from '@sandtrail/bus/bus';
import { placesOf } from '@sandtrail/bus/places';
import { GatewayConfig } from '@sandtrail/gateway/config';
import { nextEpoch } from '@sandtrail/gateway/epoch';
import { startGateway } from '@sandtrail/gateway/gateway';
import { kitSenders } from '@sandtrail/gateway/kit-senders';
import { agentHooks } from '@sandtrail/sandbox/hooks';
import { partitionCount } from '@sandtrail/schemas/topics';
import { startSealer } from '@sandtrail/sealer/sealer';
import { adminRoutes } from '../admin-routes.ts';
import { startAdminServer } from '../admin-server.ts';
import { keyFilesOf } from '../keys.ts';
import { openKit, openScanner } from '../kits.ts';
import { startNotes, trustedKeys } from '../notes.ts';
import { openLog } from '../open-log.ts';
import { startOwnMetrics } from '../own-metrics.ts';
import { openOwnStore } from '../own-store.ts';
import { maskOver, peopleActs } from '../people-acts.ts';
import { startRetention } from '../retention.ts';
import type { ProcessSurroundings, Running, Surroundings } from '../role.ts';
import { observeSelf } from '../self-observation.ts';
import { serviceRecords } from '../service-records.ts';
import { spannedBus, spannedStore } from '../spanned.ts';
import { startForward } from '../start-forward.ts';
import { startJudgement } from './judgement.ts';
import { startWebConsole } from './web-console.ts';

const places = placesOf(partitionCount);

/** Starts the core in the order in which data flows; closes it against that order. */
export async function startCore(surroundings: ProcessSurroundings): Promise<Running> {
  const { layout, configuration, clock, counters, log, spans } = surroundings;
  const ending: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of ending.toReversed()) await end();
  };
  const started = <T>(part: T, end: (part: T) => Promise<void>): T => {
    ending.push(() => end(part));
    return part;
  };
  try {
    const { bus, release } = started(await openLog(surroundings), (each) => each.bus.close());
    const store = started(await openOwnStore(surroundings), (each) => each.close());
    const observed = started(observeSelf(surroundings, bus), (each) => each.close());
    const gateway = started(await startDoor(surroundings, spannedBus(bus, spans)), (each) =>
      each.close(),
    );
    const sealer = started(
      startSealer({
        bus,
        store: spannedStore(store, spans),
        places,
        keys: trustedKeys(layout),
        onSealed: (block) => observed.onSealed(block),
        spans,
        logger: log.child('sealer'),
        counters,
      }),
      (each) => each.stop(),
    );
    const recordsKept = configuration.logRecordsKept;
    if (release !== undefined) {
      started(startRetention({ release, sealer, recordsKept, counters }), (each) => each.close());
    }
    const records = recordsOf(surroundings, gateway);
    const judgement = started(
      await startJudgement(surroundings, { bus, store, record: records.responder, observed }),
      (each) => each.close(),
    );
    gateway.askContainment(({ uid: sandbox, incarnation }) =>
      judgement.responder.level({ sandbox, incarnation }),
    );
    const forwarder = started(startForward(surroundings, { store, sealer }), (each) => each.stop());
    const mask = maskOver(openScanner(layout));
    const people = peopleActs(judgement.responder, mask);
    const own = { bus, places, store, sealer, people, mask };
    const record = records.audit;
    const console = await startWebConsole(surroundings, { ...own, logName: bus.name, record });
    if (console !== undefined) started(console, (each) => each.close());
    const routes = adminRoutes({ surroundings, ...own, forwarder, records, console });
    started(
      await startAdminServer({ socket: layout.adminSocket, routes, log: log.child('admin') }),
      (each) => each.close(),
    );
    started(await startOwnMetrics(surroundings, { bus, sealer, forwarder }), (each) =>
      each.close(),
    );
    started(
      await startNotes({ layout, record: records.signer, clock, log: log.child('notes') }),
      (each) => each.close(),
    );
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Gateway = Awaited<ReturnType<typeof startGateway>>;

function startDoor(surroundings: ProcessSurroundings, bus: Bus): Promise<Gateway> {
  const { layout, configuration, clock, counters, log, spans } = surroundings;
  const { node, tenant } = configuration;
  const scanner = openScanner(layout);
  return startGateway({
    config: GatewayConfig.parse({
      node,
      tenant,
      stateDir: layout.gateway,
      enrolmentPath: keyFilesOf(layout).grants,
      socketPath: layout.gatewaySocket,
      sandboxesDir: layout.sandboxes,
    }),
    bus,
    clock,
    counters,
    log: log.child('gateway'),
    hooks: agentHooks,
    spans,
    createSenders: kitSenders((shipper) =>
      openKit(surroundings, { collector: 'sender', dir: layout.gateway, shipper, scanner }),
    ),
  });
}

/** Writers for what services do, each with an epoch of its own. */
export type ServiceRecords = ReturnType<typeof recordsOf>;

function recordsOf({ layout, configuration }: Surroundings, gateway: Gateway) {
  const epoch = nextEpoch(layout.gateway);
  const signal = new AbortController().signal;
  const writer = (service: 'responder' | 'signer' | 'gateway') =>
    serviceRecords({
      service,
      node: configuration.node,
      epoch,
      shipper: gateway.shipper(service),
      signal,
    });
  return { responder: writer('responder'), signer: writer('signer'), audit: writer('gateway') };
}
