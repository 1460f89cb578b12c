// What the core answers on its admin socket: queries, the live tail, verification, containment.

import type { LogReader, Place } from '@sandtrail/bus/bus';
import type { Console } from '@sandtrail/console/console';
import type { Forwarder } from '@sandtrail/forwarder/forwarder';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { exportStore } from '@sandtrail/sealer/export-store';
import type { Sealer } from '@sandtrail/sealer/sealer';
import { verifyStore } from '@sandtrail/sealer/verify-store';
import type { OpenedStore } from '@sandtrail/store/open-store';
import {
  ConsoleLinkRequest,
  Decision,
  EventFilter,
  QuarantineRequest,
  ReleaseRequest,
  SqlRequest,
  VerifyRequest,
} from './admin-contract.ts';
import type { Routes } from './admin-server.ts';
import { forwardRoutes } from './forward-routes.ts';
import { tailLog } from './log-tail.ts';
import { cut, type Mask, type PeopleActs } from './people-acts.ts';
import type { Surroundings } from './role.ts';
import { controlPlane, type RecordService } from './service-records.ts';
import { storeFilter } from './store-filter.ts';

interface RouteParts {
  readonly surroundings: Surroundings;
  readonly bus: LogReader;
  readonly places: readonly Place[];
  readonly store: OpenedStore;
  readonly sealer: Sealer;
  readonly people: PeopleActs;
  readonly forwarder: Forwarder;
  readonly records: { readonly audit: RecordService };
  readonly mask: Mask;
  /** Undefined when it is off or could not listen. */
  readonly console: Pick<Console, 'link' | 'url'> | undefined;
}

const detailCharsMax = 2048;

/** The routes. Whatever reads what was recorded is itself recorded, before it is answered. */
export function adminRoutes(parts: RouteParts): Routes {
  const { surroundings, bus, places, store, sealer, people, forwarder, records, mask } = parts;
  const { counters, clock, configuration } = surroundings;
  const audited = async (act: string, asked: unknown) =>
    records.audit(controlPlane, {
      kind: 'control.audit',
      observedAtNs: `${clock.nowNs()}`,
      actor: 'admin-socket',
      act,
      detail: cut(await mask(JSON.stringify(asked), 'detail'), detailCharsMax),
      outcome: 'done',
    });
  return {
    async 'GET /v1/status'() {
      const { node, tenant } = configuration;
      const engine = store.enginePid();
      return {
        json: { node, tenant, engine, sealed: sealer.status(), counters: counters.snapshot() },
      };
    },
    async 'GET /v1/events'(input, signal) {
      const filter = EventFilter.parse(input);
      await audited('query', filter);
      return { lines: store.queryEvents({ ...storeFilter(filter), signal }) };
    },
    async 'POST /v1/sql'(input, signal) {
      const { sql } = SqlRequest.parse(input);
      await audited('sql', sql);
      return { lines: store.query(sql, { signal }) };
    },
    async 'GET /v1/tail'(input, signal) {
      const filter = EventFilter.parse(input);
      await audited('tail', filter);
      return { lines: tailLog({ bus, places, filter, counters, signal }) };
    },
    async 'POST /v1/verify'(input) {
      const { trust, heads } = VerifyRequest.parse(input);
      await audited('verify', { heads: heads?.notes.length ?? 0 });
      return { json: await verifyStore({ store, trust, heads }) };
    },
    async 'GET /v1/export'(input) {
      await audited('export', input);
      return { lines: exportStore(store) };
    },
    ...forwardRoutes({ forwarder, audited }),
    async 'GET /v1/containments'() {
      return { json: people.list() };
    },
    async 'POST /v1/containments/quarantine'(input) {
      return { json: await people.quarantine(QuarantineRequest.parse(input)) };
    },
    async 'POST /v1/containments/approve'(input) {
      return { json: await people.approve(Decision.parse(input)) };
    },
    async 'POST /v1/containments/deny'(input) {
      return { json: await people.deny(Decision.parse(input)) };
    },
    async 'POST /v1/containments/release'(input) {
      return { json: await people.release(ReleaseRequest.parse(input)) };
    },
    async 'POST /v1/console/link'(input) {
      return { json: { url: await linkFor(parts.console, ConsoleLinkRequest.parse(input)) } };
    },
  };
}

/** The address of a sign-in; its token stands behind the `#`, which no server is ever sent. */
async function linkFor(web: RouteParts['console'], identity: ConsoleLinkRequest) {
  if (web === undefined) {
    const detail = 'the console is off or could not listen; the log says which';
    throw new SandtrailError('LISTEN_REFUSED', { detail });
  }
  return `${web.url}/login#${await web.link(identity)}`;
}
