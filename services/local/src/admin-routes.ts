// What the core answers on its admin socket: queries, the live tail, verification, containment.

import type { LogReader, Place } from '@sandtrail/bus/bus';
import type { Responder } from '@sandtrail/responder/responder';
import { exportStore } from '@sandtrail/sealer/export-store';
import type { Sealer } from '@sandtrail/sealer/sealer';
import { verifyStore } from '@sandtrail/sealer/verify-store';
import { redactFully } from '@sandtrail/secrets/redact';
import type { Scanner } from '@sandtrail/secrets/scanner';
import type { OpenedStore } from '@sandtrail/store/open-store';
import {
  Decision,
  EventFilter,
  QuarantineRequest,
  ReleaseRequest,
  SqlRequest,
  VerifyRequest,
} from './admin-contract.ts';
import type { Routes } from './admin-server.ts';
import { tailLog } from './log-tail.ts';
import type { Surroundings } from './role.ts';
import { controlPlane, type RecordService } from './service-records.ts';
import { storeFilter } from './store-filter.ts';

interface RouteParts {
  readonly surroundings: Surroundings;
  readonly bus: LogReader;
  readonly places: readonly Place[];
  readonly store: OpenedStore;
  readonly sealer: Sealer;
  readonly responder: Responder;
  readonly records: { readonly audit: RecordService };
  readonly scanner: Scanner;
}

const detailCharsMax = 2048;
const reasonCharsMax = 512;

/** The routes. Whatever reads what was recorded is itself recorded, before it is answered. */
export function adminRoutes(parts: RouteParts): Routes {
  const { surroundings, bus, places, store, sealer, responder, records, scanner } = parts;
  const { counters, clock, configuration } = surroundings;
  /** What a person types may hold a secret, such as the one that is searched for. */
  const masked = async (text: string, field: string) =>
    (await redactFully(scanner, text, field)).text;
  const withoutSecrets = async <T extends { readonly reason: string }>(asked: T): Promise<T> => ({
    ...asked,
    reason: cut(await masked(asked.reason, 'reason'), reasonCharsMax),
  });
  const audited = async (act: string, asked: unknown) =>
    records.audit(controlPlane, {
      kind: 'control.audit',
      observedAtNs: `${clock.nowNs()}`,
      actor: 'admin-socket',
      act,
      detail: cut(await masked(JSON.stringify(asked), 'detail'), detailCharsMax),
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
    async 'GET /v1/containments'() {
      return { json: responder.list() };
    },
    async 'POST /v1/containments/quarantine'(input) {
      return {
        json: await responder.quarantine(await withoutSecrets(QuarantineRequest.parse(input))),
      };
    },
    async 'POST /v1/containments/approve'(input) {
      return { json: await responder.approve(await withoutSecrets(Decision.parse(input))) };
    },
    async 'POST /v1/containments/deny'(input) {
      return { json: await responder.deny(await withoutSecrets(Decision.parse(input))) };
    },
    async 'POST /v1/containments/release'(input) {
      return { json: await responder.release(await withoutSecrets(ReleaseRequest.parse(input))) };
    },
  };
}

function cut(text: string, charsMax: number): string {
  return text.slice(0, charsMax).toWellFormed();
}
