// Spans around what others made: appends to the log, inserts into the store, acts of the host.
import type { Bus } from '@sandtrail/bus/bus';
import type { Containment } from '@sandtrail/host/driver/containment';
import type { Clock } from '@sandtrail/runtime/clock';
import { noSpans, type Spans } from '@sandtrail/runtime/spans';
import type { Store } from '@sandtrail/store/store';
import { findingOfIncident } from './finding-traces.ts';

/** The log, with a span for each append; the log itself where there are no spans. */
export function spannedBus(bus: Bus, spans: Spans): Bus {
  if (spans === noSpans) return bus;
  return {
    name: bus.name,
    source: bus.source,
    append(place, values) {
      const fields = { place: `${place.topic}-${place.partition}`, records: values.length };
      return spans.around('bus.append', fields, () => bus.append(place, values));
    },
    read: (place, options) => bus.read(place, options),
    arrival: (place, offset, signal) => bus.arrival(place, offset, signal),
    bounds: (place) => bus.bounds(place),
    close: () => bus.close(),
  };
}

/** The store, with a span for each insert of sealed blocks. */
export function spannedStore(store: Store, spans: Spans): Store {
  if (spans === noSpans) return store;
  return {
    ...store,
    insertBlocks(blocks) {
      const records = blocks.reduce((sum, { rows }) => sum + rows.length, 0);
      const fields = { blocks: blocks.length, records };
      return spans.around('store.insert', fields, () => store.insertBlocks(blocks));
    },
  };
}

interface Acting {
  readonly spans: Spans;
  readonly clock: Clock;
}

/** The host's ladder: what it did for a finding is a step of that finding's trace. */
export function spannedContainment(
  containment: Containment,
  { spans, clock }: Acting,
): Pick<Containment, 'contain'> {
  if (spans === noSpans) return containment;
  return {
    contain(request, onResult) {
      const finding = findingOfIncident(request.incident);
      const startNs = clock.nowNs();
      return containment.contain(request, (result) => {
        const { level, state, check, driver } = result;
        const fields = { level, state, check, driver };
        if (finding !== undefined)
          spans.step({ finding, name: 'host.contain', startNs, endNs: clock.nowNs(), fields });
        onResult(result);
      });
    },
  };
}
