// Sandboxes: the list, one, its processes and its network.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { SandboxQuery } from '../contract/sandboxes.ts';
import { SandboxPath } from '../contract/scalars.ts';
import type { Handlers } from '../http/handlers.ts';
import { networkView } from '../views/network-view.ts';
import { processList } from '../views/process-list.ts';
import { sandboxDetail } from '../views/sandbox-detail.ts';
import { sandboxPage, sandboxSummary } from '../views/sandbox-lives.ts';
import type { ConsoleParts } from './console-parts.ts';

/** The handlers of sandboxes. */
export function sandboxHandlers({ queries, containment, ledger, clock }: ConsoleParts) {
  return {
    async listSandboxes({ query, signal }) {
      const asked = SandboxQuery.parse(query);
      const page = await sandboxPage(asked, { queries, containment, signal });
      return { ...page, askedAtNs: `${clock.nowNs()}` };
    },
    async getSandbox({ params, signal }) {
      const { containment: book } = await ledger.books();
      return sandboxDetail(SandboxPath.parse(params), { queries, containment, book, signal });
    },
    async listProcesses({ params, signal }) {
      const { uid, incarnation } = SandboxPath.parse(params);
      const life = await sandboxSummary(uid, incarnation, { queries, containment, signal });
      if (life === undefined) throw unknown(uid, incarnation);
      const { alerts } = await ledger.books();
      return processList({ uid, incarnation }, { queries, signal, alerts });
    },
    async getNetwork({ params, signal }) {
      const { uid, incarnation } = SandboxPath.parse(params);
      const view = await networkView({ uid, incarnation }, { queries, signal });
      if (view === undefined) throw unknown(uid, incarnation);
      return view;
    },
  } satisfies Partial<Handlers>;
}

function unknown(uid: string, incarnation: number): SandtrailError {
  return new SandtrailError('NOT_FOUND', { detail: `sandbox ${uid} ${incarnation}` });
}
